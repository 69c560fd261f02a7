// GEORADIUS, GEORADIUSBYMEMBER, their read-only forms, GEOSEARCH and GEOSEARCHSTORE: one search
// with other arguments. [redis-3.2 and redis-7.0 geo.c georadiusGeneric]

import {
  decodeGeo,
  findBoxRanges,
  findRadiusRanges,
  type GeoPoint,
  GeoRanges,
  geoDistance,
  isInGeoBox,
} from '../base/geohash.ts'
import { PROFILE_CKV } from '../catalog/spec.ts'
import { keyDelete, zsetStore } from '../keyspace/effects.ts'
import { lookup } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { span } from '../memory/span.ts'
import { ZsetWalk, zsetCountBelow } from '../memory/zset.ts'
import * as replies from '../wire/geo-replies.ts'
import { OUT_OF_MEMORY, ZERO } from '../wire/replies.ts'
import { replyNotInteger, replySyntaxError, succeeded } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, speaksRedis7, word } from './arguments.ts'
import type { Call } from './call.ts'
import { findPlace, replyDistance, replyPlace } from './geo.ts'
import { boxArguments, type GeoShape, placeArguments, radiusArguments } from './geo-arguments.ts'
import { GeoHits } from './geo-hits.ts'
import { KEY, MISSING, REFUSED, readZset } from './zsets.ts'

const NO_KEY = 0
const COUNT_ALL = 0

const WITH_DIST = word('withdist')
const WITH_HASH = word('withhash')
const WITH_COORD = word('withcoord')
const ANY = word('any')
const ASC = word('asc')
const DESC = word('desc')
const COUNT = word('count')
const STORE = word('store')
const STORE_DIST = word('storedist')
const FROM_MEMBER = word('frommember')
const FROM_LONLAT = word('fromlonlat')
const BY_RADIUS = word('byradius')
const BY_BOX = word('bybox')

const centre: GeoPoint = { longitude: 0, latitude: 0 }
const point: GeoPoint = { longitude: 0, latitude: 0 }
const shape: GeoShape = {
  isBox: false,
  radiusMeters: 0,
  widthMeters: 0,
  heightMeters: 0,
  unitMeters: 1,
}
const ranges = new GeoRanges()
const walk = new ZsetWalk()
const hits = new GeoHits()

/** What the options of the running command say. */
const options = {
  distances: false,
  hashes: false,
  places: false,
  any: false,
  /** 1: the nearest first, -1: the farthest, 0: as they are found. */
  direction: 0,
  count: COUNT_ALL,
  /** Argument of the key that gets the result, NO_KEY: it is answered. */
  target: NO_KEY,
  storesDistances: false,
  hasCentre: false,
  hasShape: false,
}

function clearOptions(): void {
  options.distances = false
  options.hashes = false
  options.places = false
  options.any = false
  options.direction = 0
  options.count = COUNT_ALL
  options.target = NO_KEY
  options.storesDistances = false
  options.hasCentre = false
  options.hasShape = false
}

export function georadius(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry === REFUSED || !placeArguments(call, 2, centre)) return
  if (!radiusArguments(call, 4, shape)) return
  clearOptions()
  if (parseOptions(call, side, entry, 6, call.row.name === 'georadius')) search(call, side, entry)
}

export function georadiusbymember(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  // Around no member of no set nothing is found, whatever the radius. [redis-7.0 geo.c]
  if (entry !== MISSING) {
    if (!findPlace(call, side, entry, 2, centre)) {
      call.reply.error(replies.GEO_NO_MEMBER)
      return
    }
    if (!radiusArguments(call, 3, shape)) return
  }
  clearOptions()
  const stores = call.row.name === 'georadiusbymember'
  if (parseOptions(call, side, entry, 5, stores)) search(call, side, entry)
}

export function geosearch(call: Call): void {
  searchByWords(call, KEY, NO_KEY)
}

export function geosearchstore(call: Call): void {
  searchByWords(call, KEY + 1, KEY)
}

function searchByWords(call: Call, key: number, target: number): void {
  const side = keyArgument(call, key)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  clearOptions()
  options.target = target
  if (!parseOptions(call, side, entry, key + 1, false)) return
  if (!options.hasCentre) call.reply.error(replies.geoCentreMissing(call.row.name))
  else if (!options.hasShape) call.reply.error(replies.geoShapeMissing(call.row.name))
  else search(call, side, entry)
}

// ── Options ──────────────────────────────────────────────────────────────────────────────────

/** Reads the options from argument `first` on. False: an error was answered. */
function parseOptions(
  call: Call,
  side: ShardSide,
  entry: number,
  first: number,
  stores: boolean,
): boolean {
  const byWords = call.row.name.startsWith('geosearch')
  for (let index = first; index < call.argCount; ) {
    let taken = flagAt(call, index)
    if (taken === 0 && argumentIs(call, index, COUNT)) taken = countAt(call, index + 1)
    if (taken === 0 && stores) taken = targetAt(call, index)
    if (taken === 0 && byWords && call.row.name === 'geosearchstore')
      taken = storeDistAt(call, index)
    if (taken === 0 && byWords) taken = centreOrShapeAt(call, side, entry, index)
    if (taken < 0) return false
    if (taken === 0) {
      replySyntaxError(call)
      return false
    }
    index += taken
  }
  return true
}

/** Each answers how many arguments it took: 0 = it is none of these, -1: an error was answered. */
function flagAt(call: Call, index: number): number {
  if (argumentIs(call, index, WITH_DIST)) options.distances = true
  else if (argumentIs(call, index, WITH_HASH)) options.hashes = true
  else if (argumentIs(call, index, WITH_COORD)) options.places = true
  else if (argumentIs(call, index, ASC)) options.direction = 1
  else if (argumentIs(call, index, DESC)) options.direction = -1
  else if (call.profile !== PROFILE_CKV && argumentIs(call, index, ANY)) options.any = true
  else return 0
  return 1
}

function countAt(call: Call, index: number): number {
  if (index === call.argCount) return 0
  const count = roughInteger(call, index)
  if (Number.isNaN(count)) replyNotInteger(call)
  else if (count <= 0) call.reply.error(replies.GEO_COUNT_NOT_POSITIVE)
  if (!(count > 0)) return -1
  options.count = count
  return 2
}

function targetAt(call: Call, index: number): number {
  if (index + 1 === call.argCount) return 0
  const distances = argumentIs(call, index, STORE_DIST)
  if (!distances && !argumentIs(call, index, STORE)) return 0
  options.target = index + 1
  options.storesDistances = distances
  return 2
}

function storeDistAt(call: Call, index: number): number {
  if (!argumentIs(call, index, STORE_DIST)) return 0
  options.storesDistances = true
  return 1
}

function centreOrShapeAt(call: Call, side: ShardSide, entry: number, index: number): number {
  const behind = call.argCount - index - 1
  const isMember = argumentIs(call, index, FROM_MEMBER)
  if (!options.hasCentre && behind >= 1 && isMember) {
    options.hasCentre = true
    if (entry === MISSING || findPlace(call, side, entry, index + 1, centre)) return 2
    call.reply.error(replies.GEO_NO_MEMBER)
    return -1
  }
  if (!options.hasCentre && behind >= 2 && argumentIs(call, index, FROM_LONLAT)) {
    options.hasCentre = true
    return placeArguments(call, index + 1, centre) ? 3 : -1
  }
  if (!options.hasShape && behind >= 2 && argumentIs(call, index, BY_RADIUS)) {
    options.hasShape = true
    return radiusArguments(call, index + 1, shape) ? 3 : -1
  }
  if (!options.hasShape && behind >= 3 && argumentIs(call, index, BY_BOX)) {
    options.hasShape = true
    return boxArguments(call, index + 1, shape) ? 4 : -1
  }
  return 0
}

// ── Searching ────────────────────────────────────────────────────────────────────────────────

function search(call: Call, side: ShardSide, entry: number): void {
  if (options.target !== NO_KEY && (options.distances || options.hashes || options.places)) {
    call.reply.error(storeRefusal(call))
    return
  }
  if (options.any && options.count === COUNT_ALL) {
    call.reply.error(replies.GEO_ANY_NEEDS_COUNT)
    return
  }
  hits.begin()
  if (entry !== MISSING && !findHits(side, entry, options.any ? options.count : Infinity)) {
    call.reply.error(OUT_OF_MEMORY)
    return
  }
  // Some of the nearest are wanted, or it would not matter how many.
  if (options.count !== COUNT_ALL && options.direction === 0 && !options.any) options.direction = 1
  const order = hits.order(options.direction)
  const wanted = options.count === COUNT_ALL ? order.length : Math.min(order.length, options.count)
  if (options.target === NO_KEY) replyHits(call, order, wanted)
  else storeHits(call, order, wanted)
}

function storeRefusal(call: Call): Uint8Array {
  if (call.row.name === 'geosearchstore') return replies.GEOSEARCHSTORE_WITH
  return speaksRedis7(call) ? replies.GEO_STORE_WITH : replies.GEO_STORE_WITH_32
}

/** False: what is found is too large. */
function findHits(side: ShardSide, entry: number, most: number): boolean {
  const { arena } = side
  const { longitude, latitude } = centre
  if (shape.isBox) {
    findBoxRanges(longitude, latitude, shape.widthMeters, shape.heightMeters, ranges)
  } else {
    findRadiusRanges(longitude, latitude, shape.radiusMeters, ranges)
  }
  for (let range = 0; range < ranges.count && hits.count < most; range++) {
    const end = ranges.maximums[range]
    walk.begin(arena, entry, zsetCountBelow(arena, entry, ranges.minimums[range], false))
    while (hits.count < most && walk.next()) {
      const score = walk.score()
      if (score >= end) break
      decodeGeo(score, point)
      const meters = geoDistance(longitude, latitude, point.longitude, point.latitude)
      if (!isInside(meters)) continue
      walk.showMember()
      const { bytes, start, length } = span
      const { longitude: east, latitude: north } = point
      if (!hits.add(bytes, start, length, score, meters, east, north)) return false
    }
  }
  return true
}

function isInside(meters: number): boolean {
  if (!shape.isBox) return meters <= shape.radiusMeters
  const { widthMeters, heightMeters } = shape
  const { longitude, latitude } = centre
  return isInGeoBox(longitude, latitude, point.longitude, point.latitude, widthMeters, heightMeters)
}

function replyHits(call: Call, order: Uint32Array, wanted: number): void {
  const { reply } = call
  const { distances, hashes, places } = options
  const extras = Number(distances) + Number(hashes) + Number(places)
  reply.arrayHeader(wanted)
  for (let index = 0; index < wanted && !reply.overflowed; index++) {
    const hit = order[index]
    if (extras > 0) reply.arrayHeader(extras + 1)
    reply.bulk(hits.bytes, hits.starts[hit], hits.lengths[hit])
    if (distances) replyDistance(call, hits.meters[hit] / shape.unitMeters)
    if (hashes) reply.integer(hits.scores[hit])
    if (!places) continue
    point.longitude = hits.longitudes[hit]
    point.latitude = hits.latitudes[hit]
    replyPlace(call, point)
  }
}

function storeHits(call: Call, order: Uint32Array, wanted: number): void {
  const target = keyArgument(call, options.target)
  const before = lookup(target, call.nowMs)
  if (wanted === 0) {
    if (before === 0 || succeeded(call, keyDelete(target))) call.reply.raw(ZERO)
    return
  }
  const starts = new Int32Array(wanted)
  const lengths = new Int32Array(wanted)
  const scores = new Float64Array(wanted)
  for (let index = 0; index < wanted; index++) {
    const hit = order[index]
    starts[index] = hits.starts[hit]
    lengths[index] = hits.lengths[hit]
    scores[index] = options.storesDistances ? hits.meters[hit] / shape.unitMeters : hits.scores[hit]
  }
  target.record.setItems(hits.bytes, starts, lengths, 0, 1, wanted, scores)
  if (succeeded(call, zsetStore(target, NO_EXPIRY))) call.reply.integer(wanted)
}
