// Values too large for the log slice are written to the file before memory changes; when that
// fails nothing has changed. MSET with several of them takes back what it has begun.

import t from 'tap'
import { ShardFixture, type Words } from '../support/shard-fixture.ts'
import { checkSound, OK } from './script.ts'

const SLICE_BYTES = 65_536
const BIG = 'b'.repeat(40_000)
const OTHER_BIG = 'o'.repeat(50_000)
const ELEMENTS = Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(200, 'e'))
const MISCONF = /^MISCONF Errors writing to the AOF file: /

function makeFixture(shards = 1): ShardFixture {
  return new ShardFixture({ profile: 'redis', shards, sliceBytes: SLICE_BYTES })
}

/** The write with this number from now fails, and all after it as long as `stays`. */
function failWrite(fixture: ShardFixture, nth: number, stays: boolean): void {
  let left = nth
  fixture.files.fault = (operation) => {
    if (!operation.startsWith('write')) return ''
    left--
    return left === 0 || (left < 0 && stays) ? 'ENOSPC' : ''
  }
}

t.test('a large value that cannot be written', async (t) => {
  const commands: Words[] = [
    ['SET', 'k', BIG],
    ['SET', 'k', BIG, 'GET'],
    ['SET', 'k', BIG, 'KEEPTTL'],
    ['SET', 'new', BIG],
    ['APPEND', 'k', BIG],
    ['SETRANGE', 'k', '5', BIG],
    ['GETSET', 'k', BIG],
    ['MSET', 'k', BIG, 'l', 'small'],
    ['RENAME', 'large', 'k'],
    ['BITOP', 'NOT', 'k', 'large'],
    ['RPUSH', 'new', BIG, 'a'],
    ['RPUSH', 'list', 'a', BIG],
    ['LPUSH', 'long list', BIG],
    ['LSET', 'list', '1', BIG],
    ['LSET', 'long list', '50', BIG],
    ['LINSERT', 'list', 'BEFORE', 'b', BIG],
    ['LINSERT', 'long list', 'AFTER', ELEMENTS[50], BIG],
    ['LMOVE', 'large list', 'list', 'LEFT', 'LEFT'],
  ]
  for (const command of commands) {
    const fixture = makeFixture()
    fixture.run('SET', 'k', 'before', 'EX', '100')
    fixture.run('SET', 'large', OTHER_BIG)
    fixture.run('RPUSH', 'list', 'a', 'b')
    fixture.run('RPUSH', 'long list', ...ELEMENTS)
    fixture.run('RPUSH', 'large list', OTHER_BIG)
    const contents = fixture.contents()
    const name = command.map(String).join(' ').slice(0, 30)
    failWrite(fixture, 1, false)
    t.match(fixture.runError(...command), MISCONF, name)
    fixture.files.fault = () => ''
    t.same(fixture.contents(), contents, `${name}: nothing changed`)
    fixture.run('SET', 'after', 'works')
    checkSound(t, fixture, name)
  }
})

t.test('MSET with several large values', async (t) => {
  const cases: [string, Words[], Words][] = [
    ['new keys', [], ['a', BIG, 'b', 's', 'c', BIG, 'd', OTHER_BIG]],
    ['over small values', [['MSET', 'a', '1', 'c', '2']], ['a', BIG, 'c', BIG, 'd', BIG]],
    ['an expiry comes back', [['SET', 'a', '1', 'EX', '100']], ['a', BIG, 'c', BIG]],
    ['the same key twice', [['SET', 'a', '1']], ['a', BIG, 'a', 'x', 'a', OTHER_BIG, 'b', BIG]],
    ['over a large value', [['SET', 'a', OTHER_BIG]], ['a', BIG, 'c', BIG]],
    ['in its place', [['SET', 'a', OTHER_BIG]], ['a', BIG.padEnd(50_000, 'c'), 'c', BIG]],
  ]
  for (const shards of [1, 3]) {
    for (const [name, before, pairs] of cases) {
      for (let nth = 1; nth < 20; nth++) {
        const fixture = makeFixture(shards)
        for (const words of before) fixture.run(...words)
        const contents = fixture.contents()
        failWrite(fixture, nth, false)
        const reply = fixture.run('MSET', ...pairs)
        fixture.files.fault = () => ''
        const label = `${name}, ${shards} shards, write ${nth}`
        fixture.clock.advance(1000)
        if (JSON.stringify(reply) === JSON.stringify(OK)) {
          t.not(JSON.stringify(fixture.contents()), JSON.stringify(contents), label)
          checkSound(t, fixture, label)
          break
        }
        t.match((reply as { error: string }).error, MISCONF, label)
        const unknown = /outcome unknown/.test((reply as { error: string }).error)
        if (!unknown) t.same(fixture.contents(), contents, `${label}: nothing changed`)
        if (!unknown) checkSound(t, fixture, label)
      }
    }
  }
})

t.test('MSET with large and small values for one key', async (t) => {
  for (const [values, last] of [
    [['small', BIG], BIG],
    [[BIG, 'small'], 'small'],
    [['one', BIG, 'two', OTHER_BIG], OTHER_BIG],
    [['one', BIG, OTHER_BIG, 'two'], 'two'],
  ] as const) {
    for (const before of [undefined, 'x', OTHER_BIG]) {
      const fixture = makeFixture()
      if (before !== undefined) fixture.run('SET', 'k', before)
      t.same(fixture.run('MSET', ...values.flatMap((value) => ['k', value])), OK)
      t.equal(fixture.run('GET', 'k'), last)
      checkSound(t, fixture, `${values.length} values`)
    }
  }
})

t.test('sets: large records that cannot be written', async (t) => {
  const many = Array.from({ length: 3000 }, (_, index) => `member ${index}`)
  const cases: [Words[], Words][] = [
    [[], ['SADD', 'k', BIG]],
    [[], ['SADD', 'k', ...many]],
    [[['SADD', 'k', '1', '2']], ['SADD', 'k', ...many]],
    [[['SADD', 'k', '1', 'a']], ['SADD', 'k', BIG]],
    [[['SADD', 'k', ...many.slice(0, 500)]], ['SADD', 'k', ...many, BIG]],
    [[['SADD', 'k', BIG, 'a']], ['SREM', 'k', 'a', BIG]],
    [[['SADD', 'k', ...many, 'x']], ['SPOP', 'k', '2900']],
    [[['SADD', BIG, ...many]], ['SPOP', BIG, '9999']],
    [
      [
        ['SADD', 'l', ...many],
        ['SET', 'k', 'v'],
      ],
      ['SUNIONSTORE', 'k', 'l'],
    ],
    [
      [
        ['SADD', 'l', ...many],
        ['SADD', 'k', 'v'],
      ],
      ['SINTERSTORE', 'k', 'l'],
    ],
    [
      [
        ['SADD', 'l', BIG],
        ['SADD', 'k', 'v'],
      ],
      ['SDIFFSTORE', 'k', 'l', 'k'],
    ],
    [
      [
        ['SADD', 'l', BIG],
        ['SADD', 'k', 'v'],
      ],
      ['SMOVE', 'l', 'k', BIG],
    ],
    [[['SADD', 'l', BIG]], ['SMOVE', 'l', 'k', BIG]],
  ]
  for (const shards of [1, 3]) {
    for (const [before, command] of cases) {
      const fixture = new ShardFixture({
        profile: 'redis',
        shards,
        sliceBytes: SLICE_BYTES,
        arenaBytes: 4_194_304,
      })
      for (const words of before) fixture.run(...words)
      const contents = fixture.contents()
      const name = command.map(String).join(' ').slice(0, 30)
      failWrite(fixture, 1, false)
      t.match(fixture.runError(...command), MISCONF, name)
      fixture.files.fault = () => ''
      t.same(fixture.contents(), contents, `${name}: nothing changed`)
      fixture.run('SET', 'after', 'works')
      checkSound(t, fixture, name)
    }
  }
})

t.test('SMOVE whose removal cannot be written is taken back', async (t) => {
  for (const shards of [1, 3]) {
    const fixture = makeFixture(shards)
    // Only the record of the source is large, because of its key.
    fixture.run('SADD', BIG, 'a', 'b')
    fixture.run('SADD', 'k', 'c')
    const contents = fixture.contents()
    failWrite(fixture, 1, false)
    t.match(fixture.runError('SMOVE', BIG, 'k', 'a'), MISCONF)
    fixture.files.fault = () => ''
    t.same(fixture.contents(), contents, 'nothing changed')
    t.equal(fixture.run('SMOVE', BIG, 'k', 'a'), 1)
    checkSound(t, fixture, 'moved')
  }
})
