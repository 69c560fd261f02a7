// Where keys stand when the arguments tell: behind a number of keys, behind a word.

import t from 'tap'
import { findKeys, keyPositions } from '../../src/catalog/keys.ts'
import {
  type CommandRow,
  countedKeys,
  EVERY_PROFILE,
  everyKey,
  type KeyPlace,
  oneKey,
  READ,
  shardRow,
} from '../../src/catalog/spec.ts'

function row(keys: readonly KeyPlace[]): CommandRow {
  return shardRow('x', 1, {
    arity: -2,
    flags: READ,
    profiles: EVERY_PROFILE,
    group: 'generic',
    since: '1.0.0',
    summary: '',
    keys,
  })
}

/** Argument 0 is not there, as in a ring. */
function positions(command: CommandRow, line: string): number[] {
  const words = ['', ...line.split(' ').slice(1)]
  const lengths = Int32Array.from(words, (word) => word.length)
  const starts = new Int32Array(words.length)
  for (let index = 1; index < words.length; index++) {
    starts[index] = starts[index - 1] + lengths[index - 1]
  }
  const bytes = Buffer.from(words.join(''))
  const count = findKeys(command, bytes, starts, lengths, words.length)
  return [...keyPositions.subarray(0, count)]
}

const union = row(countedKeys(1, 'RO access'))
const unionStore = row([...oneKey('OW update'), ...countedKeys(2, 'RO access')])
const sort = row([
  ...oneKey('RO access'),
  {
    word: 'store',
    from: 2,
    skipped: [
      { word: 'limit', args: 2 },
      { word: 'get', args: 1 },
      { word: 'by', args: 1 },
    ],
    access: 'OW update',
  },
])

t.test('ranges', async (t) => {
  t.same(positions(row(oneKey('RO')), 'get a b c'), [1])
  t.same(positions(row(everyKey('RO')), 'mget a b c'), [1, 2, 3])
  t.equal(row(oneKey('RO')).movableKeys, false)
  const many = Array.from({ length: 1000 }, (_, index) => index + 1)
  t.same(positions(row(everyKey('RO')), `mget ${many.join(' ')}`), many, 'the table grows')
})

t.test('a number of keys', async (t) => {
  t.same(positions(union, 'zunion 1 a'), [2])
  t.same(positions(union, 'zunion 2 a b weights 1 2'), [2, 3])
  t.same(positions(unionStore, 'zunionstore d 2 a b'), [1, 3, 4])
  for (const wrong of ['0', '-1', 'x', '3', '1.0', '99999999999999999999', '']) {
    t.same(positions(union, `zunion ${wrong} a b`), [], `numkeys ${wrong}`)
    t.same(positions(unionStore, `zunionstore d ${wrong} a b`), [], `numkeys ${wrong}`)
  }
  t.same(positions(union, 'zunion'), [])
  t.equal(union.firstKey, 0)
  t.ok(union.multiKey && union.movableKeys)
  t.same([unionStore.firstKey, unionStore.lastKey, unionStore.keyStep], [1, 1, 1])
})

t.test('a key behind a word', async (t) => {
  t.same(positions(sort, 'sort a'), [1])
  t.same(positions(sort, 'sort a STORE'), [1])
  t.same(positions(sort, 'sort a DESC StOrE d'), [1, 4])
  t.same(positions(sort, 'sort a store d store e'), [1, 5], 'the last one')
  t.same(positions(sort, 'sort a get store limit store store by store'), [1], 'not as an argument')
  t.same(positions(sort, 'sort a store store store e'), [1, 5])
})
