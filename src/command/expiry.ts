// EXPIRE and its kin, TTL and its kin, PERSIST. [redis-3.2 expire part of db.c, redis-7.0 expire.c]

import { PROFILE_REDIS } from '../catalog/spec.ts'
import { keyDelete, keyExpireAt, keyPersist } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import { entryExpiry } from '../memory/entry.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import {
  EXPIRE_GT_WITH_LT,
  EXPIRE_NX_WITH_OTHERS,
  MINUS_ONE,
  MINUS_TWO,
  ONE,
  unsupportedOption,
  ZERO,
} from '../wire/replies.ts'
import { succeeded } from './answers.ts'
import { argumentIs, keyArgument, word } from './arguments.ts'
import type { Call } from './call.ts'
import { expiryTime } from './times.ts'

const KEY = 1
const SECOND_MS = 1000

const CONDITION_NX = 1 << 0
const CONDITION_XX = 1 << 1
const CONDITION_GT = 1 << 2
const CONDITION_LT = 1 << 3
const CONDITIONS_REFUSED = -1
const NX = word('nx')
const XX = word('xx')
const GT = word('gt')
const LT = word('lt')

export function expire(call: Call): void {
  setExpiry(call, true, true)
}

export function pexpire(call: Call): void {
  setExpiry(call, false, true)
}

export function expireat(call: Call): void {
  setExpiry(call, true, false)
}

export function pexpireat(call: Call): void {
  setExpiry(call, false, false)
}

function setExpiry(call: Call, seconds: boolean, relative: boolean): void {
  const conditions = call.argCount > 3 ? parseConditions(call) : 0
  if (conditions === CONDITIONS_REFUSED) return
  const expiryMs = expiryTime(call, 2, seconds, relative, false)
  if (Number.isNaN(expiryMs)) return
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0 || !conditionsHold(conditions, entryExpiry(side.arena, entry), expiryMs)) {
    call.reply.raw(ZERO)
    return
  }
  const outcome = expiryMs <= call.nowMs ? keyDelete(side) : keyExpireAt(side, expiryMs)
  if (succeeded(call, outcome)) call.reply.raw(ONE)
}

/** Or of CONDITION_… from argument 3 on; CONDITIONS_REFUSED: an error was answered. */
function parseConditions(call: Call): number {
  let found = 0
  for (let index = 3; index < call.argCount; index++) {
    if (argumentIs(call, index, NX)) found |= CONDITION_NX
    else if (argumentIs(call, index, XX)) found |= CONDITION_XX
    else if (argumentIs(call, index, GT)) found |= CONDITION_GT
    else if (argumentIs(call, index, LT)) found |= CONDITION_LT
    else {
      const start = call.starts[index]
      const option = call.bytes.subarray(start, start + call.lengths[index])
      call.reply.error(unsupportedOption(option))
      return CONDITIONS_REFUSED
    }
  }
  if ((found & CONDITION_NX) !== 0 && found !== CONDITION_NX) {
    call.reply.error(EXPIRE_NX_WITH_OTHERS)
    return CONDITIONS_REFUSED
  }
  if ((found & CONDITION_GT) !== 0 && (found & CONDITION_LT) !== 0) {
    call.reply.error(EXPIRE_GT_WITH_LT)
    return CONDITIONS_REFUSED
  }
  return found
}

/** A key without expiry lives for ever: no time is later, every time is earlier. */
function conditionsHold(conditions: number, currentMs: number, wantedMs: number): boolean {
  if (conditions === 0) return true
  const forever = currentMs === NO_EXPIRY
  if ((conditions & CONDITION_NX) !== 0 && !forever) return false
  if ((conditions & CONDITION_XX) !== 0 && forever) return false
  if ((conditions & CONDITION_GT) !== 0 && (forever || wantedMs <= currentMs)) return false
  if ((conditions & CONDITION_LT) !== 0 && !forever && wantedMs >= currentMs) return false
  return true
}

export function persist(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0 || entryExpiry(side.arena, entry) === NO_EXPIRY) {
    call.reply.raw(ZERO)
    return
  }
  if (succeeded(call, keyPersist(side))) call.reply.raw(ONE)
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────

const NO_KEY = -2

/** Expiry in ms since 1970 of argument 1's key, NO_EXPIRY (-1), or NO_KEY (-2). */
function currentExpiry(call: Call): number {
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  return entry === 0 ? NO_KEY : entryExpiry(side.arena, entry)
}

/** True: it was -1 or -2, and answered. */
function repliedWithoutExpiry(call: Call, expiryMs: number): boolean {
  if (expiryMs === NO_KEY) call.reply.raw(MINUS_TWO)
  else if (expiryMs === NO_EXPIRY) call.reply.raw(MINUS_ONE)
  else return false
  return true
}

export function ttl(call: Call): void {
  const expiryMs = currentExpiry(call)
  if (repliedWithoutExpiry(call, expiryMs)) return
  call.reply.integer(nearestSecond(expiryMs - call.nowMs))
}

/** Outside profile redis a multiple of 1000, rounded up. [ckv-cluster.md, Other limits] */
export function pttl(call: Call): void {
  const expiryMs = currentExpiry(call)
  if (repliedWithoutExpiry(call, expiryMs)) return
  const leftMs = expiryMs - call.nowMs
  const exact = call.profile === PROFILE_REDIS
  call.reply.integer(exact ? leftMs : Math.ceil(leftMs / SECOND_MS) * SECOND_MS)
}

export function expiretime(call: Call): void {
  const expiryMs = currentExpiry(call)
  if (repliedWithoutExpiry(call, expiryMs)) return
  call.reply.integer(nearestSecond(expiryMs))
}

export function pexpiretime(call: Call): void {
  const expiryMs = currentExpiry(call)
  if (repliedWithoutExpiry(call, expiryMs)) return
  call.reply.integer(expiryMs)
}

function nearestSecond(ms: number): number {
  return Math.floor((ms + SECOND_MS / 2) / SECOND_MS)
}
