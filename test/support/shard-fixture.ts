// Shards without sockets and threads: small arenas, real logs on a disk in memory, a clock that
// moves when told to. `run` does what the acceptor and the executor do around a handler.

import { ManualClock } from '../../src/base/clock.ts'
import {
  CKV_VALUE_BYTES_MAX,
  DATABASE_COUNT,
  REDIS_VALUE_BYTES_MAX,
} from '../../src/base/limits.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { findKeys, keyPositions, namesKeysByPattern } from '../../src/catalog/keys.ts'
import { arityFits, findCommand, findSubcommand, servedIn } from '../../src/catalog/lookup.ts'
import {
  BY_SLOT,
  type CommandRow,
  CROSS_SLOT_OK,
  KEYLESS_ALL_SHARDS,
  MERGE_CURSOR,
  PATTERN_KEYS,
  PROFILE_BITS,
  type ProfileName,
  WRITE,
} from '../../src/catalog/spec.ts'
import { COMMANDS } from '../../src/catalog/table.ts'
import { Call } from '../../src/command/call.ts'
import { handlersByCode } from '../../src/command/handlers.ts'
import { shardOfScanCursor } from '../../src/command/scan-cursor.ts'
import { shardOfSlot, slotOfKey } from '../../src/dispatch/slots.ts'
import { clockOf } from '../../src/keyspace/access.ts'
import { ShardSide } from '../../src/keyspace/side.ts'
import { loadHasher } from '../../src/log/checksum.ts'
import { commitGroup, retryGroup } from '../../src/log/groups.ts'
import { openShardLog } from '../../src/log/open.ts'
import { replayShard } from '../../src/log/replay.ts'
import { scanShard } from '../../src/log/scan.ts'
import { ShardLog } from '../../src/log/writer.ts'
import { Arena, formatArena } from '../../src/memory/arena.ts'
import { checkArena } from '../../src/memory/checker.ts'
import { databaseRoot } from '../../src/memory/database.ts'
import { dictionaryScan, results } from '../../src/memory/dictionary-walk.ts'
import type { EncodingLimits } from '../../src/memory/encoding-limits.ts'
import { entryExpiry, entryKeyLength, entryKeyStart } from '../../src/memory/entry.ts'
import { SEGMENT_SHIFT } from '../../src/memory/layout.ts'
import { releaseSlice } from '../../src/memory/release.ts'
import { applyRecord } from '../../src/recovery/apply.ts'
import { rowsByteLength, TOKEN_WORD } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { ReplyWriter } from '../../src/wire/encoder.ts'
import * as replies from '../../src/wire/replies.ts'
import { decodeReplies, type Reply } from './resp.ts'
import { SimFs } from './sim-fs.ts'
import { valueText } from './value-text.ts'

await loadHasher()

export const NOW_MS = 1_700_000_000_000
const INSTANCE = 'crs-test0001'
const GENERATION = 1
const ARENA_BYTES = 1_048_576
const SLICE_BYTES = 65_536
const REPLY_BYTES_MAX = 600_000_000

export type Words = readonly (string | Uint8Array)[]

export interface ShardOptions {
  readonly profile?: ProfileName
  readonly shards?: number
  /** Bytes of each shard's only segment. */
  readonly arenaBytes?: number
  readonly sliceBytes?: number
  readonly seed?: number
  readonly protocol?: 2 | 3
  /** When collections become large. */
  readonly limits?: Partial<EncodingLimits>
}

export class ShardFixture {
  readonly clock = new ManualClock(NOW_MS)
  readonly files = new SimFs()
  readonly sides: ShardSide[]
  readonly call: Call
  /** Of the client; SELECT is not a shard's command. */
  database = 0
  readonly #rows: Rows
  readonly #sliceBytes: number
  readonly #arenaBytes: number

  constructor(options: ShardOptions = {}) {
    const shards = options.shards ?? 1
    this.#arenaBytes = options.arenaBytes ?? ARENA_BYTES
    this.#sliceBytes = options.sliceBytes ?? SLICE_BYTES
    this.#rows = new Rows(new SharedArrayBuffer(rowsByteLength(shards)))
    this.sides = Array.from({ length: shards }, (_, shard) => this.#makeSide(shard))
    for (const side of this.sides) Object.assign(side.limits, options.limits)
    const profile = options.profile ?? 'extended'
    const valueBytesMax = profile === 'redis' ? REDIS_VALUE_BYTES_MAX : CKV_VALUE_BYTES_MAX
    const reply = new ReplyWriter(1024, REPLY_BYTES_MAX)
    reply.protocol = options.protocol ?? 2
    this.call = new Call(
      this.clock,
      new SeededRandom(options.seed ?? 1),
      shards,
      PROFILE_BITS[profile],
      valueBytesMax,
      this.sides,
      COMMANDS[0],
      reply,
    )
  }

  #makeSide(shard: number): ShardSide {
    const directory = `/shard-${shard}`
    this.files.mkdir(directory)
    openShardLog({
      instance: INSTANCE,
      generation: GENERATION,
      shard,
      files: this.files,
      rows: this.#rows,
      side: 0,
      directory,
      sliceBytes: this.#sliceBytes,
      epoch: 1,
      number: 1,
      startLsn: 0,
      nowMs: NOW_MS,
    })
    const log = new ShardLog({
      rows: this.#rows,
      shard,
      side: 0,
      slice: new Uint8Array(new SharedArrayBuffer(this.#sliceBytes)),
      files: this.files,
      clock: this.clock,
      thread: 1,
      instance: INSTANCE,
      generation: GENERATION,
      segmentBytesMax: 67_108_864,
    })
    return new ShardSide(shard, 0, this.#rows, this.#makeArena(), log, 0x1234567, 0x89abcde)
  }

  #makeArena(): Arena {
    const arena = new Arena([new SharedArrayBuffer(this.#arenaBytes)])
    formatArena(arena)
    return arena
  }

  // ── Running ────────────────────────────────────────────────────────────────────────────────

  /** Runs one command and gives its reply; commits what it logged. Throws unless it is just one. */
  run(...words: Words): Reply {
    const { reply } = this.call
    reply.clear()
    this.#fillArguments(words)
    this.#execute()
    if (reply.overflowed) throw new Error(`${String(words[0])}: the reply overflowed`)
    const { replies: found, end } = decodeReplies(reply.bytes.subarray(0, reply.position))
    if (found.length !== 1 || end !== reply.position) {
      throw new Error(`${String(words[0])}: ${found.length} replies`)
    }
    return found[0]
  }

  /** The same, as the bytes that a client gets. */
  runRaw(...words: Words): string {
    this.run(...words)
    const { reply } = this.call
    return Buffer.from(reply.bytes.subarray(0, reply.position)).toString('latin1')
  }

  /** The error text that a command answers; throws if it is none. */
  runError(...words: Words): string {
    const reply = this.run(...words)
    if (reply !== null && typeof reply === 'object' && 'error' in reply) return reply.error
    throw new Error(`${String(words[0])}: no error but ${JSON.stringify(reply)}`)
  }

  #fillArguments(words: Words): void {
    const { call } = this
    const parts = words.map((word) =>
      typeof word === 'string' ? Buffer.from(word, 'latin1') : word,
    )
    // Some bytes in front, so that offsets matter.
    call.bytes = Buffer.concat([Buffer.from('front'), ...parts])
    call.lengths = Int32Array.from(parts, (part) => part.length)
    call.starts = new Int32Array(parts.length)
    let at = 5
    for (let index = 0; index < parts.length; index++) {
      call.starts[index] = at
      at += parts[index].length
    }
    call.argCount = parts.length
    call.database = this.database
  }

  #execute(): void {
    const { call } = this
    const { bytes, starts, lengths, argCount, profile, reply } = call
    let row = findCommand(bytes, starts[0], lengths[0])
    if (row !== undefined && row.subcommands.length > 0 && argCount > 1) {
      row = findSubcommand(row, bytes, starts[1], lengths[1])
    }
    if (row === undefined || row.place !== 'shard' || !servedIn(row, profile)) {
      reply.errorText('not served by shards in this profile')
    } else if (!arityFits(row, argCount, profile)) {
      reply.error(replies.wrongArity(row.name))
    } else {
      const shards = this.#shardsOf(row)
      if (shards === undefined) reply.error(replies.CROSS_SLOT)
      else this.#executeOn(row, shards)
    }
  }

  /** The shards that the command needs, ascending; undefined: CROSSSLOT. */
  #shardsOf(row: CommandRow): number[] | undefined {
    const { bytes, starts, lengths, argCount, profile, shardCount } = this.call
    if (row.merge === MERGE_CURSOR) {
      return [shardOfScanCursor(bytes, starts[1], lengths[1], shardCount)]
    }
    if ((row.flags & KEYLESS_ALL_SHARDS) !== 0) return this.sides.map(({ shard }) => shard)
    if ((row.flags & BY_SLOT) !== 0) {
      const slot = Number(Buffer.from(bytes.subarray(starts[2], starts[2] + lengths[2])).toString())
      return [slot >= 0 && slot < 16_384 ? shardOfSlot(Math.floor(slot), shardCount) : 0]
    }
    const slots = new Set<number>()
    const keys = findKeys(row, bytes, starts, lengths, argCount)
    for (const index of keyPositions.subarray(0, keys)) {
      slots.add(slotOfKey(bytes, starts[index], lengths[index]))
    }
    // A command that names no key has only an error to give.
    if (keys === 0) slots.add(0)
    const patterns = (row.flags & PATTERN_KEYS) !== 0 && profile === PROFILE_BITS.redis
    if (patterns && namesKeysByPattern(bytes, starts, lengths, argCount)) {
      return this.sides.map(({ shard }) => shard)
    }
    const crossing = profile === PROFILE_BITS.redis || (row.flags & CROSS_SLOT_OK) !== 0
    if (slots.size > 1 && !crossing) return undefined
    const shards = new Set([...slots].map((slot) => shardOfSlot(slot, shardCount)))
    return [...shards].sort((left, right) => left - right)
  }

  #executeOn(row: CommandRow, shards: readonly number[]): void {
    const { call } = this
    const sides = shards.map((shard) => this.sides[shard])
    call.row = row
    call.side = sides[0]
    call.severalShards = sides.length > 1
    call.nowMs = this.clock.wallMs()
    for (const side of sides) {
      side.log.attach(this.#rows.words[side.row + TOKEN_WORD], call.nowMs)
      side.accessClock = clockOf(call.nowMs, side.countsUses)
    }
    if ((row.flags & WRITE) !== 0 && !sides.every(({ log }) => log.writable(call.nowMs))) {
      call.reply.error(replies.MISCONF_DISK_FULL)
    } else {
      handlersByCode[row.code]?.(call)
    }
    const logs = sides.map(({ log }) => log).filter((log) => log.uncommitted())
    if (logs.length > 0 && commitGroup(logs, call.nowMs) !== 0) {
      call.reply.clear()
      call.reply.error(replies.MISCONF_UNKNOWN)
    }
  }

  // ── Looking ────────────────────────────────────────────────────────────────────────────────

  /** Everything stored: `database key` -> `value @expiry`, sorted. Bytes as latin1. */
  contents(): [string, string][] {
    return this.sides.flatMap(({ arena }) => contentsOf(arena)).sort(byKey)
  }

  /** The same after reading the logs into empty memory, as a start does. */
  recovered(): [string, string][] {
    const directories = this.sides.map(({ shard }) => `/shard-${shard}`)
    return recoveredFrom(this.files, directories, GENERATION, this.#arenaBytes)
  }

  /** What the checker finds wrong in any arena; empty = all sound. */
  findings(): string[] {
    return this.sides.flatMap(({ arena }) => checkArena(arena, { slotCounts: true }))
  }

  /** Writes what several shards could not write together, as housekeeping does. */
  retryGroups(): void {
    const nowMs = this.clock.wallMs()
    for (const { log, row } of this.sides) log.attach(this.#rows.words[row + TOKEN_WORD], nowMs)
    retryGroup(this.sides.map(({ log }) => log).filter((log) => log.groupPending()))
  }

  /** Frees what flushes left. */
  releaseAll(): void {
    for (const { arena } of this.sides) while (releaseSlice(arena, 1000));
  }
}

/** What the logs in these directories, one a shard, give back. */
export function recoveredFrom(
  files: SimFs,
  directories: readonly string[],
  generation: number,
  arenaBytes = ARENA_BYTES,
): [string, string][] {
  const shards = directories.length
  return recoveredFixture(files, directories, generation, { shards, arenaBytes }).contents()
}

/** The same as shards to go on with, one for each directory; their logs are new. */
export function recoveredFixture(
  files: SimFs,
  directories: readonly string[],
  generation: number,
  options: ShardOptions,
): ShardFixture {
  const fixture = new ShardFixture(options)
  for (const side of fixture.sides) {
    const { shard } = side
    side.replaying = true
    const expected = { instance: INSTANCE, generation, shard, startLsn: 0 }
    const scan = scanShard(files, directories[shard], expected)
    replayShard(files, scan, scan.endLsn, (code, database, _flags, ...rest) =>
      applyRecord(side, code, database, ...rest),
    )
    side.replaying = false
  }
  return fixture
}

function byKey(left: [string, string], right: [string, string]): number {
  return left[0] < right[0] ? -1 : Number(left[0] > right[0])
}

function contentsOf(arena: Arena): [string, string][] {
  const found: [string, string][] = []
  for (let database = 0; database < DATABASE_COUNT; database++) {
    let cursor = 0
    do {
      cursor = dictionaryScan(arena, databaseRoot(arena, database), cursor)
      // A copy: describing a collection walks through a dictionary too.
      for (const entry of results.slice(0, arena.resultCount)) {
        found.push(describe(arena, database, entry))
      }
    } while (cursor !== 0)
  }
  return found
}

function describe(arena: Arena, database: number, entry: number): [string, string] {
  const start = entryKeyStart(arena, entry)
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const key = Buffer.from(bytes.slice(start, start + entryKeyLength(arena, entry)))
  return [
    `${database} ${key.toString('latin1')}`,
    `${valueText(arena, entry)} @${entryExpiry(arena, entry)}`,
  ]
}
