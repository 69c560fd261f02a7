// Arguments of the geo commands: places, units, shapes. [redis-3.2 and redis-7.0 geo.c]

import { GEO_LATITUDE_MAX, GEO_LONGITUDE_MAX, type GeoPoint } from '../base/geohash.ts'
import { parseDouble } from '../base/numbers.ts'
import {
  GEO_BOX_NEGATIVE,
  GEO_HEIGHT_NOT_NUMERIC,
  GEO_RADIUS_NEGATIVE,
  GEO_RADIUS_NOT_NUMERIC,
  GEO_UNIT,
  GEO_UNIT_32,
  GEO_WIDTH_NOT_NUMERIC,
  invalidPlace,
} from '../wire/geo-replies.ts'
import { NOT_A_FLOAT } from '../wire/replies.ts'
import { argumentIs, speaksRedis7, word } from './arguments.ts'
import type { Call } from './call.ts'

const UNITS: readonly { readonly letters: Uint8Array; readonly meters: number }[] = [
  { letters: word('m'), meters: 1 },
  { letters: word('km'), meters: 1000 },
  { letters: word('ft'), meters: 0.3048 },
  { letters: word('mi'), meters: 1609.34 },
]
export const NO_UNIT = 0

/** What is searched: a circle or a box, in meters, and the meters of the unit it was given in. */
export interface GeoShape {
  isBox: boolean
  radiusMeters: number
  widthMeters: number
  heightMeters: number
  unitMeters: number
}

function doubleArgument(call: Call, index: number): number | undefined {
  return parseDouble(call.bytes, call.starts[index], call.lengths[index])
}

/** Degrees in arguments `index` and the one after it. False: an error was answered. */
export function placeArguments(call: Call, index: number, target: GeoPoint): boolean {
  const longitude = doubleArgument(call, index)
  const latitude = longitude === undefined ? undefined : doubleArgument(call, index + 1)
  if (longitude === undefined || latitude === undefined) {
    call.reply.error(NOT_A_FLOAT)
    return false
  }
  if (Math.abs(longitude) > GEO_LONGITUDE_MAX || Math.abs(latitude) > GEO_LATITUDE_MAX) {
    call.reply.error(invalidPlace(longitude, latitude))
    return false
  }
  target.longitude = longitude
  target.latitude = latitude
  return true
}

/** Meters of the unit in argument `index`; NO_UNIT: an error was answered. */
export function unitArgument(call: Call, index: number): number {
  for (const { letters, meters } of UNITS) {
    if (argumentIs(call, index, letters)) return meters
  }
  call.reply.error(speaksRedis7(call) ? GEO_UNIT : GEO_UNIT_32)
  return NO_UNIT
}

/** A radius and its unit from argument `index` on. False: an error was answered. */
export function radiusArguments(call: Call, index: number, shape: GeoShape): boolean {
  const radius = doubleArgument(call, index)
  if (radius === undefined || radius < 0) {
    call.reply.error(radius === undefined ? GEO_RADIUS_NOT_NUMERIC : GEO_RADIUS_NEGATIVE)
    return false
  }
  const unit = unitArgument(call, index + 1)
  if (unit === NO_UNIT) return false
  shape.isBox = false
  shape.radiusMeters = radius * unit
  shape.unitMeters = unit
  return true
}

/** Width, height and their unit from argument `index` on. False: an error was answered. */
export function boxArguments(call: Call, index: number, shape: GeoShape): boolean {
  const width = doubleArgument(call, index)
  const height = width === undefined ? undefined : doubleArgument(call, index + 1)
  if (width === undefined || height === undefined) {
    call.reply.error(width === undefined ? GEO_WIDTH_NOT_NUMERIC : GEO_HEIGHT_NOT_NUMERIC)
    return false
  }
  if (width < 0 || height < 0) {
    call.reply.error(GEO_BOX_NEGATIVE)
    return false
  }
  const unit = unitArgument(call, index + 2)
  if (unit === NO_UNIT) return false
  shape.isBox = true
  shape.widthMeters = width * unit
  shape.heightMeters = height * unit
  shape.unitMeters = unit
  return true
}
