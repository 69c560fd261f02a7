// EXEC over the logs of four shards, on a disk that fails or a process that dies at any operation:
// what is recovered is the whole transaction or nothing of it.

import t from 'tap'
import { LOG_SPILL_BYTES } from '../../src/base/limits.ts'
import { findCommand } from '../../src/catalog/lookup.ts'
import { shardOfSlot, slotOfKey } from '../../src/dispatch/slots.ts'
import type { Executor } from '../../src/executor/executor.ts'
import { retryGroups } from '../../src/executor/housekeeping.ts'
import { NOT_RUN, TransactionRunner } from '../../src/executor/transaction.ts'
import { WatchArea } from '../../src/keyspace/watch-area.ts'
import { WATCH_BUCKETS_MIN, watchAreaBytes } from '../../src/keyspace/watch-layout.ts'
import { WATCH_WORDS, WatchList } from '../../src/keyspace/watch-list.ts'
import { EFFECT_STRING_SET } from '../../src/log/codes.ts'
import { replayShard } from '../../src/log/replay.ts'
import { resolveGroups } from '../../src/log/resolve-groups.ts'
import { scanShard } from '../../src/log/scan.ts'
import { QueuedCommands } from '../../src/ring/queued.ts'
import { type CrashMode, SimCrash, type SimFs } from '../support/sim-fs.ts'
import { Instance, SHARDS, SLICE_BYTES } from './instance.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
/** With what a command appends when the disk is full behind each; not touched unless it is. */
const slices = Array.from(
  { length: SHARDS },
  () => new SharedArrayBuffer(SLICE_BYTES + LOG_SPILL_BYTES),
)
const GEOMETRY = { ringBytes: 16_384, poolChunks: 16, start: 0, slices }
const WORKER = 3
const KEYS_A_SHARD = 12
/** Around a quarter of the log slice (16 KB), above which a record goes straight to the file. */
const LENGTHS = [1, 3000, 9000, 15_000, 17_000, 5000, 40_000, 2, 12_000, 30_000, 7000, 16_000]

const KEYS = Array.from({ length: SHARDS }, (_, shard) => {
  const keys: string[] = []
  for (let index = 0; keys.length < KEYS_A_SHARD; index++) {
    const key = Buffer.from(`k${index}`)
    if (shardOfSlot(slotOfKey(key, 0, key.length), SHARDS) === shard) keys.push(`k${index}`)
  }
  return keys
})

/** What a transaction stores under each key: `mark`, to a length of the key's own. */
const contentOf = (mark: string, shard: number, index: number): string =>
  mark.repeat(LENGTHS[(index + shard * 5) % LENGTHS.length])

class Unit {
  readonly instance = new Instance(GEOMETRY)
  readonly executor: Executor
  readonly runner: TransactionRunner

  constructor() {
    this.executor = this.instance.makeExecutor(WORKER)
    this.runner = new TransactionRunner(this.executor)
    for (const side of this.executor.sides) {
      side.watches = new WatchArea(new SharedArrayBuffer(watchAreaBytes(WATCH_BUCKETS_MIN)))
    }
  }

  /** What EXEC answers, and the outcome. */
  run(
    commands: readonly string[][],
    watched = new WatchList(),
  ): { outcome: number; reply: string } {
    const queue = new QueuedCommands()
    for (const words of commands) {
      const bytes = Buffer.from(words.join(''))
      const lengths = Int32Array.from(words, ({ length }) => length)
      const starts = new Int32Array(words.length)
      for (let at = 1; at < words.length; at++) starts[at] = starts[at - 1] + lengths[at - 1]
      const code = findCommand(bytes, 0, lengths[0])?.code ?? 0
      queue.add(2 << 8, code, bytes, starts, lengths, words.length)
    }
    const { reply } = this.executor.call
    reply.clear()
    const { bytes, words, byteLength } = queue
    this.runner.set(bytes, words, 0, byteLength, watched.words, 0, watched.count * WATCH_WORDS)
    const outcome = this.runner.runOverShards(() => {})
    return { outcome, reply: Buffer.from(reply.bytes.subarray(0, reply.position)).toString() }
  }

  /** Stores under every key; the shards take turns. */
  store(mark: string): { outcome: number; reply: string } {
    const commands: string[][] = []
    for (let index = 0; index < KEYS_A_SHARD; index++) {
      for (let shard = 0; shard < SHARDS; shard++) {
        commands.push(['SET', KEYS[shard][index], contentOf(mark, shard, index)])
      }
    }
    return this.run(commands)
  }

  stored(): string {
    const commands = KEYS.flatMap((keys) => keys.map((key) => ['GETRANGE', key, '0', '0']))
    return marksOf(this.run(commands).reply.match(/^[a-z]$/gm) ?? [])
  }
}

/** The one mark of all keys, or what they are mixed of. */
function marksOf(marks: readonly string[]): string {
  const all = marks.length === SHARDS * KEYS_A_SHARD
  return [...new Set(marks), ...(all ? [] : ['some are missing'])].sort().join(' ')
}

/** The marks under all keys after a start on that disk. */
function recovered(files: SimFs): string {
  const scans = KEYS.map((_, shard) =>
    scanShard(files, `/shard-${shard}`, {
      instance: 'crs-test0001',
      generation: 1,
      shard,
      startLsn: 0,
    }),
  )
  const cuts = resolveGroups(
    scans.flatMap(({ groups }) => groups),
    scans.map(({ endLsn }) => endLsn),
    scans.flatMap(({ durableGroups }) => durableGroups),
  )
  const marks = new Map<string, string>()
  for (const [shard, scan] of scans.entries()) {
    replayShard(files, scan, cuts[shard], (code, _database, _flags, bytes, ...at) => {
      const [keyStart, keyLength, valueStart] = at
      if (code !== EFFECT_STRING_SET) throw new Error(`an unexpected record ${code}`)
      const key = Buffer.from(bytes.subarray(keyStart, keyStart + keyLength)).toString()
      marks.set(key, String.fromCharCode(bytes[valueStart]))
    })
  }
  return marksOf([...marks.values()])
}

t.test('a process that dies at any operation', async (t) => {
  const sound = new Unit()
  const { files } = sound.instance
  t.equal(sound.store('a').outcome, 0)
  const before = files.operations
  t.equal(sound.store('b').outcome, 0)
  const operations = files.operations - before
  t.equal(recovered(files.afterCrash('kill', 1)), 'b', 'what was answered is there')
  t.ok(operations > SHARDS * 4, `${operations} operations`)
  const seen = new Map<string, number>()
  const modes: CrashMode[] = LONG ? ['kill', 'lost', 'prefix', 'reordered', 'any'] : ['kill', 'any']
  for (let at = 1; at <= operations; at++) {
    const unit = new Unit()
    unit.store('a')
    // A power cut may take what was never synced, also of the first one.
    syncAll(unit.instance.files)
    unit.instance.files.crashAt = unit.instance.files.operations + at
    t.throws(() => unit.store('b'), SimCrash, `operation ${at}`)
    for (const mode of modes) {
      const marks = recovered(unit.instance.files.afterCrash(mode, at))
      seen.set(marks, (seen.get(marks) ?? 0) + 1)
    }
  }
  t.same([...seen.keys()].sort().join(), seen.has('b') ? 'a,b' : 'a', 'all or nothing')
  for (const [marks, times] of seen) t.comment(`figure ${times} × ${marks}`)
})

/** Makes all that there is durable, as a start and the sync thread do. */
function syncAll(files: SimFs): void {
  files.fsyncDirectory('/')
  for (let shard = 0; shard < SHARDS; shard++) {
    const directory = `/shard-${shard}`
    files.fsyncDirectory(directory)
    for (const name of files.readdir(directory)) {
      const fd = files.open(`${directory}/${name}`, 'r+')
      files.fdatasync(fd)
      files.close(fd)
    }
  }
}

t.test('a disk that is full at any byte', async (t) => {
  const counts = { unknown: 0, whole: 0, refused: 0 }
  for (let freeBytes = 0; freeBytes < 700_000; freeBytes += LONG ? 9001 : 71_003) {
    const unit = new Unit()
    const { files, clock } = unit.instance
    unit.store('a')
    files.freeBytes = freeBytes
    const { outcome, reply } = unit.store('b')
    const refusals = reply.match(/^-MISCONF/gm)?.length ?? 0
    if (outcome === 0 && refusals === 0) {
      t.equal(recovered(files.afterCrash('kill', 1)), 'b', `${freeBytes} bytes are enough`)
      break
    }
    if (outcome === 0) {
      // Each that is refused alone says so, and nothing else is unknown.
      counts.refused++
      continue
    }
    t.equal(recovered(files.afterCrash('kill', 1)), 'a', `${freeBytes} bytes: nothing is there`)
    const again = unit.run([
      ['SET', KEYS[0][0], 'x'],
      ['GET', KEYS[1][0]],
    ])
    t.equal(again.outcome, NOT_RUN)
    t.match(again.reply, /^-EXECABORT Transaction discarded because of: MISCONF/, 'no more writes')
    t.equal(unit.run([['EXISTS', KEYS[0][0]]]).outcome, 0, 'reads go on')
    const memory = unit.stored()
    files.freeBytes = Number.POSITIVE_INFINITY
    clock.advance(1000)
    retryGroups(unit.executor, () => {})
    for (let shard = 0; shard < SHARDS; shard++) {
      unit.run([['SET', KEYS[shard][0], contentOf('b', shard, 0)]])
    }
    t.equal(unit.store('c').outcome, 0, 'and all heals')
    t.equal(recovered(files.afterCrash('kill', 1)), 'c')
    counts.unknown++
    if (refusals > 0) continue
    counts.whole++
    t.equal(memory, 'b', 'all of it was executed')
  }
  t.comment(`figure ${JSON.stringify(counts)}`)
  t.ok(counts.unknown > 0, 'outcomes were unknown')
})

t.test('a touched key stops all, and leaves nothing in a log', async (t) => {
  const unit = new Unit()
  const { call, sides } = unit.executor
  const key = Buffer.from(KEYS[2][0])
  unit.store('a')
  unit.run([['WATCH', KEYS[2][0]]])
  const watched = new WatchList()
  watched.addWords(call.watching.words, 0, call.watching.count)
  t.equal(watched.count, 1)
  const appended = (): number[] => sides.map(({ log }) => log.appendedLsn())
  const before = appended()
  t.equal(unit.run([['SET', KEYS[0][0], 'x']], watched).outcome, 0, 'untouched')
  const after = appended()
  t.not(after[0], before[0])
  t.equal(after[2], before[2])
  unit.run([['DEL', key.toString()]])
  const now = appended()
  const { outcome, reply } = unit.run(
    [
      ['SET', KEYS[0][0], 'y'],
      ['SET', KEYS[3][0], 'y'],
    ],
    watched,
  )
  t.equal(outcome, NOT_RUN)
  t.equal(reply, '*-1\r\n')
  t.same(appended(), now)
  t.same(unit.instance.findings(), [])
})
