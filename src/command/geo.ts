// GEOADD, GEOPOS, GEOHASH, GEODIST: places are scores of a sorted set (base/geohash.ts).
// [redis-3.2 and redis-7.0 geo.c]

import {
  decodeGeo,
  encodeGeo,
  GEOHASH_TEXT_BYTES,
  type GeoPoint,
  geoDistance,
  writeGeohashText,
} from '../base/geohash.ts'
import { PROFILE_CKV } from '../catalog/spec.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { zsetScore } from '../memory/zset.ts'
import { GEOADD_SYNTAX_32 } from '../wire/geo-replies.ts'
import { replySyntaxError } from './answers.ts'
import { argumentIs, keyArgument, speaksRedis7, word } from './arguments.ts'
import type { Call } from './call.ts'
import { NO_UNIT, placeArguments, unitArgument } from './geo-arguments.ts'
import { addScored, CH, NX, scoresFor, XX } from './zset-add.ts'
import { KEY, MISSING, REFUSED, readZset } from './zsets.ts'

const FIRST_OPTION = 2
const FIRST_MEMBER = 2
const ARGS_A_PLACE = 3
const UNIT = 4
const OPTIONS: readonly { readonly letters: Uint8Array; readonly bit: number }[] = [
  { letters: word('nx'), bit: NX },
  { letters: word('xx'), bit: XX },
  { letters: word('ch'), bit: CH },
]
/** As many digits as a double may need, without the zeros at the end. */
const DEGREE_DECIMALS = 17
const DISTANCE_DECIMALS = 4

const place: GeoPoint = { longitude: 0, latitude: 0 }
const other: GeoPoint = { longitude: 0, latitude: 0 }
const hashText = new Uint8Array(GEOHASH_TEXT_BYTES)

export function geoadd(call: Call): void {
  let first = FIRST_OPTION
  let options = 0
  for (; first < call.argCount; first++) {
    const bit = optionAt(call, first)
    if (bit === 0) break
    options |= bit
  }
  const args = call.argCount - first
  if (args % ARGS_A_PLACE !== 0 || (options & (NX | XX)) === (NX | XX)) {
    if (speaksRedis7(call) || options !== 0) replySyntaxError(call)
    else call.reply.error(GEOADD_SYNTAX_32)
    return
  }
  const places = args / ARGS_A_PLACE
  const scores = scoresFor(places)
  for (let index = 0; index < places; index++) {
    if (!placeArguments(call, first + index * ARGS_A_PLACE, place)) return
    scores[index] = encodeGeo(place.longitude, place.latitude)
  }
  addScored(call, options, first + 2, ARGS_A_PLACE, places)
}

/** The option in argument `index`, 0 = it is none. */
function optionAt(call: Call, index: number): number {
  if (call.profile === PROFILE_CKV) return 0
  return OPTIONS.find(({ letters }) => argumentIs(call, index, letters))?.bit ?? 0
}

/** Puts the place of the member in argument `index` into `target`. False: it is not there. */
export function findPlace(
  call: Call,
  side: ShardSide,
  entry: number,
  index: number,
  target: GeoPoint,
): boolean {
  const score = scoreOf(call, side, entry, index)
  if (Number.isNaN(score)) return false
  decodeGeo(score, target)
  return true
}

/** NaN: the member is not there. */
function scoreOf(call: Call, side: ShardSide, entry: number, index: number): number {
  if (entry === MISSING) return Number.NaN
  const start = call.starts[index]
  const length = call.lengths[index]
  const hash = hashOfKey(side, call.bytes, start, length)
  return zsetScore(side.arena, entry, hash, call.bytes, start, length)
}

export function geopos(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  call.reply.arrayHeader(call.argCount - FIRST_MEMBER)
  for (let index = FIRST_MEMBER; index < call.argCount; index++) {
    if (findPlace(call, side, entry, index, place)) replyPlace(call, place)
    else call.reply.nullArray()
  }
}

export function replyPlace(call: Call, { longitude, latitude }: GeoPoint): void {
  call.reply.arrayHeader(2)
  replyDegrees(call, longitude)
  replyDegrees(call, latitude)
}

/** All digits of the double: unlike other doubles of Redis, not the shortest text. */
function replyDegrees(call: Call, degrees: number): void {
  const { reply } = call
  const text = degrees.toFixed(DEGREE_DECIMALS).replace(/\.?0+$/, '')
  if (reply.protocol === 2) reply.bulkText(text)
  else reply.raw(Buffer.from(`,${text}\r\n`, 'latin1'))
}

export function geohash(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  call.reply.arrayHeader(call.argCount - FIRST_MEMBER)
  for (let index = FIRST_MEMBER; index < call.argCount; index++) {
    const score = scoreOf(call, side, entry, index)
    if (Number.isNaN(score)) {
      call.reply.nullBulk()
      continue
    }
    writeGeohashText(score, hashText, 0)
    call.reply.bulk(hashText, 0, GEOHASH_TEXT_BYTES)
  }
}

export function geodist(call: Call): void {
  if (call.argCount > UNIT + 1) {
    replySyntaxError(call)
    return
  }
  const unit = call.argCount > UNIT ? unitArgument(call, UNIT) : 1
  if (unit === NO_UNIT) return
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  const found =
    findPlace(call, side, entry, FIRST_MEMBER, place) &&
    findPlace(call, side, entry, FIRST_MEMBER + 1, other)
  if (!found) {
    call.reply.nullBulk()
    return
  }
  const { longitude, latitude } = place
  const meters = geoDistance(longitude, latitude, other.longitude, other.latitude)
  replyDistance(call, meters / unit)
}

export function replyDistance(call: Call, distance: number): void {
  call.reply.bulkText(distance.toFixed(DISTANCE_DECIMALS))
}
