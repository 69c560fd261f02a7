// Defaults from the machine, and CONFIG GET.

import fc from 'fast-check'
import t from 'tap'
import { configPairs } from '../../src/options/config-reply.ts'
import {
  deriveAcceptors,
  deriveShardMemory,
  deriveShards,
  deriveWorkers,
  type Machine,
} from '../../src/options/derived.ts'
import { parseOptions } from '../../src/options/parse.ts'
import type { OptionRow } from '../../src/options/rows.ts'
import type { Settings } from '../../src/options/settings.ts'
import { OPTION_ROWS } from '../../src/options/table.ts'

const GIGABYTE = 1024 ** 3

function machineOf(cores: number, gigabytes: number, cgroupGigabytes?: number): Machine {
  return {
    cores,
    memoryBytes: gigabytes * GIGABYTE,
    cgroupMemoryBytes: cgroupGigabytes === undefined ? undefined : cgroupGigabytes * GIGABYTE,
    fileLimit: undefined,
  }
}

t.test('threads and shards by cores', async (t) => {
  const expected: [number, number, number, number][] = [
    // cores, acceptors, workers, shards
    [1, 1, 1, 4],
    [2, 1, 1, 4],
    [4, 1, 2, 8],
    [6, 1, 3, 8],
    [8, 2, 4, 16],
    [16, 4, 8, 32],
    [64, 16, 32, 128],
    [256, 32, 64, 128],
  ]
  for (const [cores, acceptors, workers, shards] of expected) {
    const machine = machineOf(cores, 8)
    t.equal(deriveAcceptors(machine), acceptors)
    t.equal(deriveWorkers(machine), workers)
    t.equal(deriveShards(workers), shards)
  }
})

t.test('shard memory is 4 GB or what fits', async (t) => {
  t.equal(deriveShardMemory(machineOf(64, 2048), 128, 1), 4 * GIGABYTE)
  t.equal(deriveShardMemory(machineOf(2, 8), 4, 1), 1424 * 1024 ** 2)
  t.ok(deriveShardMemory(machineOf(2, 8, 1), 4, 1) * 4 <= 0.7 * GIGABYTE, 'the cgroup counts')
  t.equal(deriveShardMemory(machineOf(2, 0.001), 128, 2), 1024 ** 2, 'never nothing')
  const numbers = [fc.integer({ min: 1, max: 4096 }), fc.integer({ min: 1, max: 128 })] as const
  fc.assert(
    fc.property(...numbers, fc.constantFrom(1, 2), (gigabytes, shards, sides) => {
      const bytes = deriveShardMemory(machineOf(8, gigabytes), shards, sides)
      const total = bytes * shards * sides
      return bytes <= 4 * GIGABYTE && bytes >= 1024 ** 2 && total <= gigabytes * GIGABYTE * 0.7
    }),
    { seed: 3, numRuns: 2_000 },
  )
})

const parsed = parseOptions({
  argv: ['--shards', '4', '--shard-memory', '1gb', '--appendfsync', 'always'],
  environment: { CKV_PASSWORD: 's3cret' },
  readFile: () => new Uint8Array(0),
  machine: machineOf(2, 8),
  version: '0.0.0',
})
if (parsed.kind !== 'run') throw new Error('a run was expected')
const settings: Settings = { options: parsed.options, free: {}, passwordDigest: null }
/** Listened on, where any free one was asked for. */
const PORT = 41_234
const get = (...patterns: string[]): Record<string, string> =>
  Object.fromEntries(
    configPairs(
      patterns.map((pattern) => Buffer.from(pattern)),
      settings,
      PORT,
    ),
  )

t.test('CONFIG GET shows what tools ask for', async (t) => {
  t.same(get('save', 'appendonly'), { appendonly: 'yes', save: '' })
  t.same(get('databases'), { databases: '16' })
  t.same(get('MAXMEMORY'), { maxmemory: String(4 * GIGABYTE) })
  t.same(get('appendfsync'), { appendfsync: 'always' })
  t.same(get('tcp-keep*'), { 'tcp-keepalive': '300' })
  t.same(get('client-output-buffer-limit'), {
    'client-output-buffer-limit':
      'normal 268435456 67108864 60 slave 0 0 0 pubsub 33554432 8388608 60',
  })
  t.same(get('port', 'cluster-enabled'), { port: '41234', 'cluster-enabled': 'yes' })
  t.match(get('dir').dir, /^\/.*data$/, 'from the root')
  t.same(get('nosuch', '__proto__', ''), {})
})

t.test('CONFIG GET * shows every setting once and no secret', async (t) => {
  const pairs = configPairs(
    [Buffer.from('*'), Buffer.from('*'), Buffer.from('port')],
    settings,
    PORT,
  )
  const names = pairs.map(([name]) => name)
  t.equal(new Set(names).size, names.length)
  for (const row of OPTION_ROWS as readonly OptionRow[]) {
    if (row.redisName !== '') t.ok(names.includes(row.redisName), row.redisName)
  }
  t.notOk(names.includes('requirepass'))
  t.notMatch(JSON.stringify(pairs), 's3cret')
  for (const [name, value] of pairs) t.ok(/^[a-z-]+$/.test(name) && typeof value === 'string')
})
