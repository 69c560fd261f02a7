// The sections of INFO in their order, one function each.

import { DATABASE_COUNT } from '../base/limits.ts'
import { PROFILE_REDIS } from '../catalog/spec.ts'
import { ALL_ROWS } from '../catalog/table.ts'
import { COUNTER_NAMES, type CounterName, ERROR_WORDS } from '../counters/layout.ts'
import type { InfoSection, InfoSource } from './info.ts'
import { commandsProcessed } from './rates.ts'
import type { ShardNumbers } from './shard-numbers.ts'
import { CKV_VERSION, redisMode, redisVersion } from './version.ts'

/** `isDefault`: shown when no section is named. */
export const INFO_SECTIONS: readonly {
  readonly title: string
  readonly isDefault: boolean
  readonly lines: InfoSection
}[] = [
  { title: 'Server', isDefault: true, lines: serverLines },
  { title: 'Clients', isDefault: true, lines: clientLines },
  { title: 'Memory', isDefault: true, lines: memoryLines },
  { title: 'Persistence', isDefault: true, lines: persistenceLines },
  { title: 'Stats', isDefault: true, lines: statsLines },
  { title: 'Replication', isDefault: true, lines: replicationLines },
  { title: 'CPU', isDefault: true, lines: cpuLines },
  { title: 'Modules', isDefault: true, lines: () => [] },
  { title: 'Commandstats', isDefault: false, lines: commandStatsLines },
  { title: 'Errorstats', isDefault: true, lines: errorStatsLines },
  { title: 'Latencystats', isDefault: false, lines: latencyStatsLines },
  { title: 'Cluster', isDefault: true, lines: clusterLines },
  { title: 'Keyspace', isDefault: true, lines: keyspaceLines },
  { title: 'Ckv', isDefault: false, lines: ckvLines },
  // A line a shard: up to 128, so it is only shown to who asks for it.
  { title: 'Shards', isDefault: false, lines: shardLines },
]

/** Counters that have a line of Redis's; all others have one of ours in `# Ckv`. */
const SHOWN_IN_STATS: ReadonlySet<CounterName> = new Set<CounterName>([
  'commandsProcessed',
  'connectionsReceived',
  'connectionsRejected',
  'bytesReceived',
  'bytesSent',
  'keyspaceHits',
  'keyspaceMisses',
  'keysExpired',
  'errorsReplied',
])

function serverLines(source: InfoSource): string[] {
  const uptimeSeconds = Math.max(0, Math.floor((source.nowMicros / 1000 - source.startedMs) / 1000))
  return [
    `redis_version:${redisVersion(source.profile)}`,
    `ckv_version:${CKV_VERSION}`,
    `ckv_profile:${source.profileName}`,
    `ckv_instance:${source.instance}`,
    `redis_mode:${redisMode(source.profile)}`,
    `os:${source.process.system}`,
    'arch_bits:64',
    `node_version:${source.process.nodeVersion}`,
    `process_id:${source.process.id}`,
    `run_id:${source.runId}`,
    `tcp_port:${source.port}`,
    `server_time_usec:${source.nowMicros}`,
    `uptime_in_seconds:${uptimeSeconds}`,
    `uptime_in_days:${Math.floor(uptimeSeconds / 86_400)}`,
    `config_file:${source.configFile}`,
  ]
}

function clientLines(source: InfoSource): string[] {
  return [
    `connected_clients:${source.connectedClients}`,
    `maxclients:${source.clientsMax}`,
    'cluster_connections:0',
    `blocked_clients:${source.blockedClients}`,
    'tracking_clients:0',
    'clients_in_timeout_table:0',
  ]
}

function memoryLines(source: InfoSource): string[] {
  const used = sum(source.shards, (shard) => shard.memoryUsedBytes)
  const capacity = sum(source.shards, (shard) => shard.memoryCapacityBytes)
  // Memory that was touched is never given back to the system, so the high water is the peak.
  const peak = sum(source.shards, (shard) => shard.memoryHighWaterBytes)
  const { residentBytes, systemMemoryBytes } = source.process
  const ratio = used > 0 ? residentBytes / used : 0
  return [
    ...amount('used_memory', used),
    ...amount('used_memory_rss', residentBytes),
    ...amount('used_memory_peak', peak),
    ...amount('total_system_memory', systemMemoryBytes),
    ...amount('maxmemory', capacity),
    'maxmemory_policy:noeviction',
    `mem_fragmentation_ratio:${ratio.toFixed(2)}`,
    'mem_allocator:ckv',
  ]
}

function persistenceLines(source: InfoSource): string[] {
  const written = sum(source.shards, (shard) => shard.writtenLsn)
  const appended = sum(source.shards, (shard) => shard.appendedLsn)
  const failed = source.shards.some((shard) => shard.writeFailed || shard.syncFailed)
  const syncing = source.shards.filter((shard) => shard.syncing).length
  const startedSeconds = Math.floor(source.startedMs / 1000)
  const lines = [
    `loading:${source.loading ? 1 : 0}`,
    'rdb_changes_since_last_save:0',
    'rdb_bgsave_in_progress:0',
    `rdb_last_save_time:${startedSeconds}`,
    'rdb_last_bgsave_status:ok',
    'rdb_last_bgsave_time_sec:-1',
    'rdb_current_bgsave_time_sec:-1',
    'aof_enabled:1',
    'aof_rewrite_in_progress:0',
    'aof_rewrite_scheduled:0',
    'aof_last_rewrite_time_sec:-1',
    'aof_current_rewrite_time_sec:-1',
    'aof_last_bgrewrite_status:ok',
    `aof_last_write_status:${failed ? 'err' : 'ok'}`,
    `aof_current_size:${written}`,
    'aof_base_size:0',
    'aof_pending_rewrite:0',
    `aof_buffer_length:${Math.max(0, appended - written)}`,
    `aof_pending_bio_fsync:${syncing}`,
  ]
  if (source.loading) {
    lines.push(`loading_start_time:${startedSeconds}`)
    lines.push(`loading_shards_left:${source.loadingShardsLeft}`)
  }
  return lines
}

function statsLines(source: InfoSource): string[] {
  const { counters, rates } = source
  const values = COUNTER_NAMES.map((name) => counters[name])
  return [
    `total_connections_received:${counters.connectionsReceived}`,
    `total_commands_processed:${commandsProcessed((counter) => values[counter])}`,
    `instantaneous_ops_per_sec:${Math.round(rates.operationsPerSecond)}`,
    `total_net_input_bytes:${counters.bytesReceived}`,
    `total_net_output_bytes:${counters.bytesSent}`,
    `instantaneous_input_kbps:${(rates.inputBytesPerSecond / 1024).toFixed(2)}`,
    `instantaneous_output_kbps:${(rates.outputBytesPerSecond / 1024).toFixed(2)}`,
    `rejected_connections:${counters.connectionsRejected}`,
    'sync_full:0',
    'sync_partial_ok:0',
    'sync_partial_err:0',
    `expired_keys:${counters.keysExpired}`,
    `evicted_keys:${counters.keysEvicted}`,
    `keyspace_hits:${counters.keyspaceHits}`,
    `keyspace_misses:${counters.keyspaceMisses}`,
    `pubsub_channels:${source.channelCount}`,
    `pubsub_patterns:${source.patternCount}`,
    'latest_fork_usec:0',
    `total_error_replies:${counters.errorsReplied}`,
  ]
}

function replicationLines(source: InfoSource): string[] {
  const offset = sum(source.shards, (shard) => shard.writtenLsn)
  const lines = ['role:master', 'connected_slaves:0']
  if (source.profile === PROFILE_REDIS) {
    lines.push('master_failover_state:no-failover', `master_replid:${source.runId}`)
  }
  lines.push(`master_repl_offset:${offset}`)
  lines.push('repl_backlog_active:0', 'repl_backlog_size:0')
  lines.push('repl_backlog_first_byte_offset:0', 'repl_backlog_histlen:0')
  return lines
}

function cpuLines(source: InfoSource): string[] {
  const { userCpuMicros, systemCpuMicros } = source.process
  return [
    `used_cpu_sys:${(systemCpuMicros / 1e6).toFixed(6)}`,
    `used_cpu_user:${(userCpuMicros / 1e6).toFixed(6)}`,
    'used_cpu_sys_children:0.000000',
    'used_cpu_user_children:0.000000',
  ]
}

interface CommandSums {
  calls: number
  failed: number
  rejected: number
  micros: number
}

/**
 * How often each command ran. Tools take a line only with its times; commands of bounded work are
 * timed only while something asks for it (executor/stopwatch.ts), else theirs are 0. 3.2 counts
 * subcommands under their first word, 7.0 apart.
 */
function commandStatsLines({ profile, commands }: InfoSource): string[] {
  const isRedis = profile === PROFILE_REDIS
  const sums = new Map<string, CommandSums>()
  for (const { name, code } of ALL_ROWS) {
    const calls = commands.calls(code)
    const rejected = commands.rejected(code)
    if (calls === 0 && rejected === 0) continue
    const shown = isRedis ? name : name.replace(/[|].*/, '')
    const sum = sums.get(shown) ?? { calls: 0, failed: 0, rejected: 0, micros: 0 }
    sum.calls += calls
    sum.failed += commands.failed(code)
    sum.rejected += rejected
    sum.micros += commands.micros(code)
    sums.set(shown, sum)
  }
  return [...sums].map(([name, { calls, failed, rejected, micros }]) => {
    const each = calls === 0 ? 0 : micros / calls
    return (
      `cmdstat_${name}:calls=${calls},usec=${micros},usec_per_call=${each.toFixed(2)},` +
      `rejected_calls=${rejected},failed_calls=${failed}`
    )
  })
}

function errorStatsLines({ errors }: InfoSource): string[] {
  const named = ERROR_WORDS.map((word, index) => [word, errors[index]] as const)
  return named
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `errorstat_${word}:count=${count}`)
}

/** The bound of the power of two in which each percentile lies. */
function latencyStatsLines({ commands }: InfoSource): string[] {
  return ALL_ROWS.flatMap(({ name, code }) => {
    const times = commands.times(code)
    const total = times.reduce((all, count) => all + count, 0)
    if (total === 0) return []
    const shown = PERCENTILES.map((percent) => `p${percent}=${percentileOf(times, total, percent)}`)
    return [`latency_percentiles_usec_${name}:${shown.join(',')}`]
  })
}

const PERCENTILES = [50, 99, 99.9]

function percentileOf(times: readonly number[], total: number, percent: number): string {
  let below = 0
  let bucket = 0
  while (bucket < times.length - 1) {
    below += times[bucket]
    if (below >= (total * percent) / 100) break
    bucket++
  }
  return (2 ** (bucket + 1)).toFixed(3)
}

function clusterLines(source: InfoSource): string[] {
  return [`cluster_enabled:${redisMode(source.profile) === 'cluster' ? 1 : 0}`]
}

function keyspaceLines(source: InfoSource): string[] {
  const lines: string[] = []
  for (let database = 0; database < DATABASE_COUNT; database++) {
    const keys = sum(source.shards, (shard) => shard.databases[database].keys)
    if (keys === 0) continue
    const expiring = sum(source.shards, (shard) => shard.databases[database].expiring)
    lines.push(`db${database}:keys=${keys},expires=${expiring},avg_ttl=0`)
  }
  return lines
}

function ckvLines(source: InfoSource): string[] {
  const lines = [
    `shards:${source.shards.length}`,
    `acceptors:${source.acceptorCount}`,
    `workers:${source.workerCount}`,
    `mirror:${source.mirror ? 'on' : 'off'}`,
    `dispatch:${source.dispatch}`,
    `appendfsync:${source.appendFsync}`,
  ]
  for (const name of COUNTER_NAMES) {
    if (!SHOWN_IN_STATS.has(name)) lines.push(`${underscored(name)}:${source.counters[name]}`)
  }
  return lines
}

function shardLines(source: InfoSource): string[] {
  return source.shards.map(shardLine)
}

function shardLine(shard: ShardNumbers): string {
  const fields = [
    `slots=${shard.firstSlot}-${shard.lastSlot}`,
    `keys=${shard.keys}`,
    `expires=${shard.expiring}`,
    `used_memory=${shard.memoryUsedBytes}`,
    `capacity=${shard.memoryCapacityBytes}`,
    `high_water=${shard.memoryHighWaterBytes}`,
    `lsn_appended=${shard.appendedLsn}`,
    `lsn_written=${shard.writtenLsn}`,
    `lsn_durable=${shard.durableLsn}`,
    `epoch=${shard.epoch}`,
    `token=${tokenText(shard)}`,
    `log=${logText(shard)}`,
  ]
  return `shard${shard.shard}:${fields.join(',')}`
}

/** `free`, or the thread that holds the token: `thread-3`. */
export function tokenText(shard: ShardNumbers): string {
  return shard.holder === 0 ? 'free' : `thread-${shard.holder}`
}

/** Whether the shard's log takes writes. */
export function logText(shard: ShardNumbers): 'ok' | 'write-failed' | 'sync-failed' {
  if (shard.syncFailed) return 'sync-failed'
  return shard.writeFailed ? 'write-failed' : 'ok'
}

// ── Building lines ───────────────────────────────────────────────────────────────────────────

function sum(shards: readonly ShardNumbers[], numberOf: (shard: ShardNumbers) => number): number {
  return shards.reduce((total, shard) => total + numberOf(shard), 0)
}

/** The line in bytes and Redis's second one for people. */
function amount(name: string, byteLength: number): string[] {
  return [`${name}:${byteLength}`, `${name}_human:${humanBytes(byteLength)}`]
}

/** 1023B, 1.00K, 8.62M, 16.00G, 2.00T. [redis-3.2 server.c bytesToHuman] */
export function humanBytes(byteLength: number): string {
  if (byteLength < 1024) return `${byteLength}B`
  let unit = 0
  let size = byteLength / 1024
  while (size >= 1024 && unit < HUMAN_UNITS.length - 1) {
    size /= 1024
    unit++
  }
  return `${size.toFixed(2)}${HUMAN_UNITS[unit]}`
}

const HUMAN_UNITS = 'KMGTP'

/** `commandsPlaced` → `commands_placed`. */
function underscored(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
