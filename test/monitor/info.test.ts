// INFO from plain numbers, the shard numbers from arenas and rows, the rates.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { COMMAND_CODES_MAX, THREADS_MAX } from '../../src/base/limits.ts'
import { PROFILE_EXTENDED, PROFILE_REDIS } from '../../src/catalog/spec.ts'
import { ALL_ROWS, CODE_COUNT } from '../../src/catalog/table.ts'
import { Counters, countersByteLength } from '../../src/counters/counters.ts'
import { COUNTER, COUNTER_NAMES, type CounterName } from '../../src/counters/layout.ts'
import { createDictionary } from '../../src/memory/dictionary.ts'
import { COUNT_WORD, DATABASES_WORD, EXPIRING_WORD, UNIT_MASK } from '../../src/memory/layout.ts'
import { type InfoSource, infoText } from '../../src/monitor/info.ts'
import { humanBytes } from '../../src/monitor/info-sections.ts'
import { nodeId } from '../../src/monitor/node-id.ts'
import { readProcessNumbers } from '../../src/monitor/process-numbers.ts'
import { RateSampler } from '../../src/monitor/rates.ts'
import { readShardNumbers, type ShardNumbers } from '../../src/monitor/shard-numbers.ts'
import { CKV_VERSION } from '../../src/monitor/version.ts'
import { WRITE_FAILED_WORD } from '../../src/rows/layout.ts'
import { makeFixture } from '../support/session-fixture.ts'

function makeShard(shard: number, more: Partial<ShardNumbers> = {}): ShardNumbers {
  const databases = Array.from({ length: 16 }, (_, database) =>
    database === 0 ? { keys: 10, expiring: 4 } : { keys: 0, expiring: 0 },
  )
  return {
    shard,
    firstSlot: shard * 8192,
    lastSlot: shard * 8192 + 8191,
    databases,
    keys: 10,
    expiring: 4,
    memoryUsedBytes: 1_048_576,
    memoryCapacityBytes: 4_294_967_296,
    memoryHighWaterBytes: 2_097_152,
    appendedLsn: 500,
    writtenLsn: 400,
    durableLsn: 300,
    epoch: 1,
    holder: 0,
    waiters: 0,
    writeFailed: false,
    syncFailed: false,
    syncing: false,
    watched: 0,
    ...more,
  }
}

function makeSource(more: Partial<InfoSource> = {}): InfoSource {
  const counters = Object.fromEntries(COUNTER_NAMES.map((name, index) => [name, index + 1]))
  return {
    profile: PROFILE_EXTENDED,
    profileName: 'extended',
    instance: 'crs-abcd1234',
    runId: 'f'.repeat(40),
    acceptorCount: 1,
    workerCount: 2,
    mirror: false,
    dispatch: 'auto',
    appendFsync: 'everysec',
    port: 6379,
    configFile: '',
    loading: false,
    loadingShardsLeft: 0,
    startedMs: 1_700_000_000_000,
    nowMicros: 1_700_090_061_500_000,
    connectedClients: 3,
    clientsMax: 10_000,
    blockedClients: 3,
    channelCount: 2,
    patternCount: 1,
    process: {
      id: 42,
      system: 'Linux 6.1 x86_64',
      nodeVersion: '26.0.0',
      residentBytes: 4_194_304,
      systemMemoryBytes: 25_276_063_744,
      userCpuMicros: 1_500_000,
      systemCpuMicros: 250_000,
    },
    rates: { operationsPerSecond: 12.6, inputBytesPerSecond: 2048, outputBytesPerSecond: 512 },
    counters: counters as Record<CounterName, number>,
    commands: {
      calls: () => 0,
      failed: () => 0,
      rejected: () => 0,
      micros: () => 0,
      times: () => [],
    },
    errors: [],
    shards: [makeShard(0), makeShard(1, { keys: 7 })],
    ...more,
  }
}

function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    if (!line.startsWith('#') && colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1))
  }
  return fields
}

const titlesOf = (text: string) =>
  text
    .split('\r\n')
    .filter((line) => line.startsWith('# '))
    .map((line) => line.slice(2))

t.test('sections', async (t) => {
  const source = makeSource()
  const defaults = [
    'Server',
    'Clients',
    'Memory',
    'Persistence',
    'Stats',
    'Replication',
    'CPU',
    'Modules',
    'Errorstats',
    'Cluster',
    'Keyspace',
  ]
  t.same(titlesOf(infoText(source, [])), defaults)
  t.same(titlesOf(infoText(source, ['DEFAULT'])), defaults)
  t.same(titlesOf(infoText(source, ['default', 'ckv'])), [...defaults, 'Ckv'])
  t.same(titlesOf(infoText(source, ['keyspace', 'CPU', 'cpu'])), ['CPU', 'Keyspace'])
  t.same(titlesOf(infoText(source, ['all'])), titlesOf(infoText(source, ['Everything'])))
  t.equal(titlesOf(infoText(source, ['all'])).length, 15)
  t.equal(infoText(source, ['constructor', '']), '')
  t.equal(infoText(source, ['commandstats']), '# Commandstats\r\n')
  const text = infoText(source, ['all'])
  t.notOk(/undefined|NaN|\[object/.test(text))
  t.match(text, /[^\n]\r\n\r\n# Clients\r\n/, 'an empty line in front of a section')
  t.match(text, /[^\n]\r\n$/)
})

t.test('lines', async (t) => {
  const fields = fieldsOf(infoText(makeSource(), ['all']))
  const expected: Record<string, string> = {
    redis_version: '3.2.12',
    ckv_version: CKV_VERSION,
    redis_mode: 'cluster',
    uptime_in_seconds: '90061',
    uptime_in_days: '1',
    connected_clients: '3',
    used_memory: '2097152',
    used_memory_human: '2.00M',
    used_memory_peak: '4194304',
    maxmemory_human: '8.00G',
    total_system_memory_human: '23.54G',
    mem_fragmentation_ratio: '2.00',
    loading: '0',
    aof_enabled: '1',
    aof_last_write_status: 'ok',
    aof_current_size: '800',
    aof_buffer_length: '200',
    instantaneous_ops_per_sec: '13',
    instantaneous_input_kbps: '2.00',
    role: 'master',
    connected_slaves: '0',
    used_cpu_user: '1.500000',
    cluster_enabled: '1',
    db0: 'keys=20,expires=8,avg_ttl=0',
    commands_placed: '2',
    shard1:
      'slots=8192-16383,keys=7,expires=4,used_memory=1048576,capacity=4294967296,' +
      'high_water=2097152,lsn_appended=500,lsn_written=400,lsn_durable=300,epoch=1,' +
      'token=free,log=ok',
  }
  for (const [name, value] of Object.entries(expected)) t.equal(fields.get(name), value, name)
  t.notOk(fields.has('db1'))
  for (const name of COUNTER_NAMES) {
    const value = String(COUNTER[name] + 1)
    t.ok(name === 'commandsProcessed' || [...fields.values()].includes(value), name)
  }
})

t.test('states', async (t) => {
  const redis = fieldsOf(infoText(makeSource({ profile: PROFILE_REDIS }), []))
  t.equal(redis.get('redis_version'), '7.0.15')
  t.equal(redis.get('redis_mode'), 'standalone')
  t.equal(redis.get('cluster_enabled'), '0')
  const loading = fieldsOf(infoText(makeSource({ loading: true, loadingShardsLeft: 3 }), []))
  t.equal(loading.get('loading'), '1')
  t.equal(loading.get('loading_shards_left'), '3')
  const failed = makeSource({ shards: [makeShard(0, { writeFailed: true, holder: 4 })] })
  const lines = fieldsOf(infoText(failed, ['all']))
  t.equal(lines.get('aof_last_write_status'), 'err')
  t.match(lines.get('shard0'), /,token=thread-4,log=write-failed$/)
})

t.test('humanBytes writes as Redis', async (t) => {
  const table: readonly (readonly [number, string])[] = [
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1.00K'],
    [916_432, '894.95K'],
    [12_091_392, '11.53M'],
    [25_276_063_744, '23.54G'],
    [2 ** 41, '2.00T'],
  ]
  for (const [byteLength, text] of table) t.equal(humanBytes(byteLength), text)
})

t.test('shard numbers from an arena that others write', async (t) => {
  const { sides, session } = makeFixture({ shards: 3 })
  const side = sides[1]
  const words = side.arena.words[0]
  t.match(readShardNumbers(side, 3), {
    shard: 1,
    firstSlot: 5462,
    lastSlot: 10_922,
    keys: 0,
    memoryUsedBytes: 0,
    memoryCapacityBytes: 131_072,
    holder: 0,
    writeFailed: false,
  })
  const root = createDictionary(side.arena)
  words[DATABASES_WORD + 15] = root
  const rootWord = (root & UNIT_MASK) << 1
  words[rootWord + COUNT_WORD] = 5
  words[rootWord + EXPIRING_WORD] = 2
  Atomics.store(session.rows.words, side.row + WRITE_FAILED_WORD, 28)
  const numbers = readShardNumbers(side, 3)
  t.match(numbers, { keys: 5, expiring: 2, writeFailed: true })
  t.same(numbers.databases[15], { keys: 5, expiring: 2 })
  t.ok(numbers.memoryUsedBytes > 0)
  t.ok(numbers.memoryHighWaterBytes >= numbers.memoryUsedBytes)
  // What a detached root may look like while it is read: impossible counts, an address of nowhere.
  words[rootWord + COUNT_WORD] = -5
  t.equal(readShardNumbers(side, 3).keys, 0)
  words[rootWord + COUNT_WORD] = 1
  t.equal(readShardNumbers(side, 3).keys, 0, 'more keys with an expiry than keys')
  for (const nowhere of [0x7fff_ffff, 0x0700_0000, -1]) {
    words[DATABASES_WORD + 15] = nowhere
    t.equal(readShardNumbers(side, 3).keys, 0)
  }
})

t.test('rates', async (t) => {
  const counters = new Counters(new SharedArrayBuffer(countersByteLength()), 0)
  const sampler = new RateSampler(counters, 5000)
  t.same(sampler.rates(), {
    operationsPerSecond: 0,
    inputBytesPerSecond: 0,
    outputBytesPerSecond: 0,
  })
  counters.add(COUNTER.commandsPlaced, 300)
  counters.add(COUNTER.bytesReceived, 4000)
  sampler.sample(5999)
  t.equal(sampler.rates().operationsPerSecond, 0, 'not a second old')
  sampler.sample(7000)
  t.same(sampler.rates(), {
    operationsPerSecond: 150,
    inputBytesPerSecond: 2000,
    outputBytesPerSecond: 0,
  })
  counters.add(COUNTER.commandsRinged, 10)
  counters.add(COUNTER.commandsLocal, 10)
  sampler.sample(8000)
  t.equal(sampler.rates().operationsPerSecond, 20, 'only the last reading counts')
  sampler.sample(10_000)
  t.equal(sampler.rates().operationsPerSecond, 0)
})

t.test('calls of commands', async (t) => {
  const buffer = new SharedArrayBuffer(countersByteLength())
  const [first, second, last] = [0, 1, THREADS_MAX - 1].map((at) => new Counters(buffer, at))
  t.ok(CODE_COUNT <= COMMAND_CODES_MAX, 'every command has its place')
  const codeOf = (name: string) => ALL_ROWS.find((row) => row.name === name)?.code ?? -1
  for (const counters of [first, second, last]) counters.addCall(codeOf('get'))
  first.addCall(codeOf('client|id'))
  second.addCall(codeOf('client|setname'))
  last.addCall(COMMAND_CODES_MAX - 1)
  t.equal(first.calls(codeOf('get')), 3, 'over all threads')
  t.equal(first.sum(COUNTER.commandsProcessed), 0, 'apart from the counters')
  first.addFailed(ALL_ROWS[0].code)
  const commands = {
    calls: (code: number) => second.calls(code),
    failed: (code: number) => second.failed(code),
    rejected: (code: number) => second.rejected(code),
    micros: (code: number) => second.micros(code),
    times: () => [0, 3, 1],
  }
  t.same(
    [...fieldsOf(infoText(makeSource({ commands }), ['commandstats']))],
    [
      ['cmdstat_get', 'calls=3,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1'],
      ['cmdstat_client', 'calls=2,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=0'],
    ],
    'subcommands together, as 3.2 has them',
  )
  const source = makeSource({ commands, profile: PROFILE_REDIS })
  t.match(
    infoText(source, ['commandstats']),
    'cmdstat_client|id:calls=1,',
    'apart, as 7.0 has them',
  )
})

t.test('version, ids, process', async (t) => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  t.equal(CKV_VERSION, JSON.parse(text).version)
  t.match(nodeId('crs-abcd1234', 0, 0), /^[0-9a-f]{40}$/)
  t.equal(nodeId('crs-abcd1234', 0, 0), nodeId('crs-abcd1234', 0, 0))
  const ids = [nodeId('crs-a', 1, 0), nodeId('crs-a', 0, 1), nodeId('crs-a', 11, 0)]
  t.equal(new Set(ids).size, 3)
  const numbers = readProcessNumbers()
  t.equal(numbers.id, process.pid)
  t.ok(numbers.residentBytes > 1_000_000 && numbers.systemMemoryBytes > numbers.residentBytes)
})
