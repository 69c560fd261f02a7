// Making room for a command that found its shard full, where the policy lets keys go. Under the
// same tokens: the command has changed nothing, so it simply runs again.

import type { Call, Handler } from '../command/call.ts'
import { evictKeys } from '../keyspace/eviction.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { OUT_OF_MEMORY } from '../wire/replies.ts'
import { collectShards } from './participants.ts'
import type { HeldSettings } from './settings.ts'

/** Keys removed before a command tries again: the first time, and at most in one go. */
const EVICTED_FIRST = 16
const EVICTED_MAX = 16_384

/** Shards of the command, one array a thread. */
let participants = new Int32Array(0)

/**
 * Runs the command, whose reply begins at `before`, as long as that says -OOM: each time when twice
 * as many keys are gone, for as long as there are such and a large value may still fit.
 */
export function runWithRoom(
  call: Call,
  handler: Handler,
  before: number,
  settings: HeldSettings,
  sides: readonly ShardSide[],
): void {
  const { reply } = call
  let count = EVICTED_FIRST
  while (reply.holds(before, OUT_OF_MEMORY) && count <= EVICTED_MAX) {
    if (evictFromAll(call, settings, sides, count) === 0) return
    reply.position = before
    handler(call)
    count *= 2
  }
}

/** From each shard that the command is about. */
function evictFromAll(
  call: Call,
  { policy, samples }: HeldSettings,
  sides: readonly ShardSide[],
  count: number,
): number {
  const { nowMs, random } = call
  if (!call.severalShards) return evictKeys(call.side, policy, samples, count, nowMs, random)
  if (participants.length < sides.length) participants = new Int32Array(sides.length)
  const shards = collectShards(call, participants)
  let evicted = 0
  for (let index = 0; index < shards; index++) {
    const side = sides[participants[index]]
    evicted += evictKeys(side, policy, samples, count, nowMs, random)
  }
  return evicted
}
