// One command being executed: its arguments as offsets, the session's facts, the shard side(s) it
// may touch and where its reply goes. One Call a thread, filled again for every command: handlers
// must not keep it.
//
// Argument 0 is the command's name; `starts[i]`, `lengths[i]` refer to `bytes`. Through the ring
// argument 0 is not there (its start and length are 0): nothing but `row` says which command it is.

import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { CommandRow } from '../catalog/spec.ts'
import { shardOfSlot, slotOfKey } from '../dispatch/slots.ts'
import { BlockingCall } from '../keyspace/blocked-claims.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { WatchList } from '../keyspace/watch-list.ts'
import type { ReplyWriter } from '../wire/encoder.ts'

export class Call {
  readonly clock: Clock
  readonly random: Random
  readonly shardCount: number
  /** One of the PROFILE_ bits of the catalog: the same for the whole instance. */
  readonly profile: number
  /** Largest string value in this profile, in bytes. */
  readonly valueBytesMax: number
  /** Every shard's side of this thread, by shard number. Touch only sides whose token is held. */
  readonly sides: ShardSide[]
  row: CommandRow
  bytes: Uint8Array
  starts: Int32Array
  lengths: Int32Array
  argCount = 0
  database = 0
  /** Number of the client, only for notes about slow commands. */
  client = 0
  /** Wall time in ms, the same for the whole command; effects log absolute times made from it. */
  nowMs = 0
  reply: ReplyWriter
  /** The only side held, when the command concerns one shard. */
  side: ShardSide
  /** What WATCH registered; whoever runs it hands it to the client's acceptor. */
  readonly watching = new WatchList()
  /** For commands that may wait for a key. */
  readonly blocking = new BlockingCall()
  /** Inside EXEC: nothing may wait for anything. */
  inTransaction = false
  /** True when tokens of all concerned shards are held and keys may live in several of them. */
  severalShards = false

  constructor(
    clock: Clock,
    random: Random,
    shardCount: number,
    profile: number,
    valueBytesMax: number,
    sides: ShardSide[],
    row: CommandRow,
    reply: ReplyWriter,
  ) {
    this.clock = clock
    this.random = random
    this.shardCount = shardCount
    this.profile = profile
    this.valueBytesMax = valueBytesMax
    this.sides = sides
    this.row = row
    this.bytes = new Uint8Array(0)
    this.starts = new Int32Array(0)
    this.lengths = new Int32Array(0)
    this.reply = reply
    this.side = sides[0]
  }
}

/** What executes a command. Replies exactly once through call.reply. */
export type Handler = (call: Call) => void

/** The side that holds the key in argument `index`. */
export function sideOfArgument(call: Call, index: number): ShardSide {
  if (!call.severalShards) return call.side
  const slot = slotOfKey(call.bytes, call.starts[index], call.lengths[index])
  return call.sides[shardOfSlot(slot, call.shardCount)]
}
