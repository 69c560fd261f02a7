// What must hold for every row, and what the document says about the set of rows.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { COMMAND_NAME_BYTES_MAX } from '../../src/base/limits.ts'
import { argumentsOf } from '../../src/catalog/command-docs.ts'
import { keyCount, lastKey } from '../../src/catalog/keys.ts'
import { isFast } from '../../src/catalog/lookup.ts'
import { REFUSED, REFUSED_NAMES } from '../../src/catalog/refused.ts'
import * as spec from '../../src/catalog/spec.ts'
import {
  ALL_ROWS,
  CODE_COUNT,
  COMMANDS,
  type ConnectionCommandName,
  ROWS_BY_CODE,
  type ShardCommandName,
} from '../../src/catalog/table.ts'

const document = frozen('document-commands.json') as {
  supported: Record<string, string[]>
  unsupported: Record<string, string[]>
}
const has = (row: spec.CommandRow, flag: number): boolean => (row.flags & flag) !== 0
const rowOf = (name: string): spec.CommandRow => ALL_ROWS.find((row) => row.name === name)!

function frozen(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../frozen/${file}`, import.meta.url), 'utf8'))
}

t.test('names and codes are unique', async (t) => {
  t.equal(new Set(ALL_ROWS.map((row) => row.name)).size, ALL_ROWS.length)
  t.equal(new Set(ALL_ROWS.map((row) => row.code)).size, ALL_ROWS.length)
  for (const row of ALL_ROWS) {
    t.match(row.name, /^[a-z_]+(\|[a-z-]+)?$/)
    t.ok(row.code > 0 && row.code < CODE_COUNT, `${row.name}: code`)
    t.equal(ROWS_BY_CODE[row.code], row)
    for (const word of row.name.split('|')) t.ok(word.length <= COMMAND_NAME_BYTES_MAX)
  }
})

t.test('codes are append-only: they may be on disk', async (t) => {
  const codes = frozen('commands.json') as Record<string, number>
  for (const [name, code] of Object.entries(codes)) {
    t.equal(rowOf(name)?.code, code, `${name} keeps its code (never change or reuse one)`)
  }
  for (const row of ALL_ROWS) {
    t.ok(row.name in codes, `${row.name} is new: append it to test/frozen/commands.json`)
  }
})

t.test('subcommands are listed by their container alone', async (t) => {
  const listed = COMMANDS.flatMap((row) => row.subcommands)
  t.equal(listed.length, ALL_ROWS.length - COMMANDS.length)
  for (const row of COMMANDS) {
    t.notMatch(row.name, /\|/)
    t.equal(row.place === 'container', row.subcommands.length > 0 && row.name !== 'command')
    for (const subrow of row.subcommands) {
      t.ok(subrow.name.startsWith(`${row.name}|`), subrow.name)
      t.equal(subrow.profiles & ~row.profiles, 0, `${subrow.name}: no profile beyond its container`)
    }
  }
})

t.test('flags do not contradict each other', async (t) => {
  for (const row of ALL_ROWS) {
    const needsData =
      row.keys.length > 0 ||
      has(row, spec.KEYLESS_ALL_SHARDS) ||
      has(row, spec.BY_SLOT) ||
      // It is the thread that sleeps; some shard has to bring it there.
      row.name === 'debug|sleep'
    t.equal(row.place === 'shard', needsData, `${row.name}: shard rows and only they need data`)
    if (row.place === 'shard') {
      t.not(has(row, spec.READ), has(row, spec.WRITE), `${row.name}: READ or WRITE, not both`)
      t.notOk(has(row, spec.LOADING_OK), `${row.name}: data are not there while loading`)
      t.notOk(has(row, spec.NO_AUTH), `${row.name}: data need AUTH`)
    } else {
      t.notOk(has(row, spec.READ | spec.WRITE | spec.DENY_OOM | spec.FAST), row.name)
    }
    if (has(row, spec.DENY_OOM)) t.ok(has(row, spec.WRITE), `${row.name}: only writes need room`)
    t.not(row.profiles, 0, `${row.name}: served somewhere`)
    t.ok(row.arity32 !== 0 && row.arityLater !== 0, `${row.name}: arity counts the name`)
  }
})

t.test('FAST is one key and bounded work, FAST_PER_KEY grows with the arguments', async (t) => {
  for (const row of ALL_ROWS) {
    if (has(row, spec.FAST)) t.ok(row.firstKey === 1 && !row.multiKey, row.name)
    if (has(row, spec.FAST_PER_KEY)) {
      t.ok(row.arityLater < 0 || row.multiKey, `${row.name}: any number, or several keys`)
    }
    if (has(row, spec.FAST_SHORTEST)) {
      const shortest = Math.abs(row.arity32)
      t.ok(row.arityLater === -shortest, `${row.name}: options may follow, in 3.2 or later`)
      t.ok(!row.multiKey && isFast(row, -row.arityLater) && !isFast(row, 1 - row.arityLater))
    }
    if (has(row, spec.KEYLESS_ALL_SHARDS)) {
      t.notOk(has(row, spec.FAST | spec.FAST_PER_KEY), `${row.name}: never in place`)
    }
  }
})

t.test('what arguments make long does not run in place', async (t) => {
  for (const name of ['lpop', 'rpop', 'spop', 'srandmember']) {
    const row = ALL_ROWS.find((one) => one.name === name) as spec.CommandRow
    t.ok(isFast(row, 2) && !isFast(row, 3), `${name}: a count may be any`)
  }
  for (const row of ALL_ROWS.filter(({ syntax }) => syntax.includes('...'))) {
    t.notOk(isFast(row, 1000), `${row.name}: any number of arguments`)
  }
})

t.test(
  'keys stand inside the line for every number of arguments that the arity allows',
  async (t) => {
    for (const row of ALL_ROWS) {
      if (row.firstKey === 0) {
        t.same([row.lastKey, row.keyStep, row.ranges.length], [0, 0, 0], row.name)
        t.equal(keyCount(row, 5), 0)
        continue
      }
      for (const arity of [row.arity32, row.arityLater]) {
        const least = Math.abs(arity)
        for (let argCount = least; argCount <= (arity < 0 ? least + 4 : least); argCount++) {
          const last = lastKey(row, argCount)
          t.ok(
            row.firstKey >= 1 && row.firstKey <= last && last < argCount,
            `${row.name} ${argCount}`,
          )
          t.ok(keyCount(row, argCount) >= 1)
        }
      }
      // The ranges follow each other, so first, last and step of the row say the same.
      for (const [index, range] of row.ranges.entries()) {
        t.equal(range, row.keys[index], `${row.name}: ranges come first`)
        if (index > 0) t.equal(range.first, row.ranges[index - 1].last + range.step, row.name)
      }
    }
    t.equal(keyCount(rowOf('mset'), 7), 3)
    t.equal(keyCount(rowOf('bitop'), 6), 4)
    t.equal(keyCount(rowOf('rename'), 3), 2)
  },
)

t.test('cross-slot is for MGET and MSET alone, and what is split knows how to merge', async (t) => {
  const names = ALL_ROWS.filter((row) => has(row, spec.CROSS_SLOT_OK)).map((row) => row.name)
  t.same(names.sort(), ['mget', 'mset'])
  for (const row of ALL_ROWS) {
    if (has(row, spec.CROSS_SLOT_OK) || has(row, spec.KEYLESS_ALL_SHARDS)) {
      t.not(row.merge, spec.MERGE_NONE, row.name)
    }
  }
})

t.test('texts are short, plain and parse', async (t) => {
  for (const row of ALL_ROWS) {
    t.match(row.summary, /^[A-Z][ -~]{10,95}\.$/, row.name)
    t.match(row.since, /^\d+\.\d+\.\d+$/)
    const described = argumentsOf(row.syntax)
    // Every key of the row is an argument of type key somewhere in the syntax; so is an open range.
    const keys = JSON.stringify(described).match(/"type":"key"/g)?.length ?? 0
    t.equal(keys, keyArguments(row), `${row.name}: keys in the syntax`)
    // So many arguments at least does the syntax ask for.
    const needed = described.filter((argument) => !argument.optional).length + 1
    const words = row.name.split('|').length - 1
    if (!/\(/.test(row.syntax)) {
      t.equal(Math.abs(row.arityLater), needed + words + extraWords(row.name), `${row.name}: arity`)
    }
  }
})

function keyArguments(row: spec.CommandRow): number {
  const inRanges = row.ranges.map(({ first, last, step }) =>
    last < 0 ? 1 : Math.floor((last - first) / step) + 1,
  )
  return inRanges.reduce((sum, count) => sum + count, row.keys.length - row.ranges.length)
}

/** Arity asks for more or fewer words than the syntax shows, as in Redis. */
function extraWords(name: string): number {
  // COMMAND GETKEYS wants a command with an argument; a container wants a subcommand.
  if (name === 'command|getkeys') return 1
  return rowOf(name).place === 'container' ? 1 : 0
}

t.test('the families of the document that are served are complete in ckv', async (t) => {
  for (const family of [
    'connection',
    'strings',
    'hyperloglog',
    'keys',
    'lists',
    'hashes',
    'sets',
    'pub/sub',
    'transactions',
    'server',
  ]) {
    for (const name of document.supported[family]) {
      t.ok((rowOf(name)?.profiles & spec.PROFILE_CKV) !== 0, name)
    }
  }
})

t.test('ckv serves the document, the cluster reads and CKV, nothing else', async (t) => {
  const allowed = new Set([
    ...Object.values(document.supported).flat(),
    'cluster',
    ...['slots', 'nodes', 'info', 'keyslot', 'countkeysinslot', 'getkeysinslot'].map(
      (word) => `cluster|${word}`,
    ),
    ...['channels', 'numsub', 'numpat'].map((word) => `pubsub|${word}`),
    'ckv',
  ])
  for (const row of ALL_ROWS) {
    if ((row.profiles & spec.PROFILE_CKV) === 0) continue
    t.ok(allowed.has(row.name) || row.name.startsWith('ckv|'), row.name)
  }
})

t.test("the refused list is the document's", async (t) => {
  t.same(REFUSED, document.unsupported)
  t.equal(REFUSED_NAMES.length, 65)
  t.equal(Object.values(document.supported).flat().length, 129)
})

t.test('extended and redis serve the same rows', async (t) => {
  for (const row of ALL_ROWS) t.equal(row.profiles & spec.LATER_PROFILES, spec.LATER_PROFILES)
})

t.test('the name unions are literal', async (t) => {
  // Fails to compile, not to run, when the unions widen or miss a name.
  const shard: ShardCommandName[] = ['get', 'cluster|getkeysinslot']
  const connection: ConnectionCommandName[] = ['ping', 'client|setname', 'command']
  // @ts-expect-error a connection command is no shard command
  shard.push('ping')
  // @ts-expect-error a container has no handler
  connection.push('client')
  t.equal(shard.length + connection.length, 7)
})
