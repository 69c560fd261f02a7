// Error texts of the geo commands; see replies.ts.

import { errorLine } from './replies.ts'

/** 3.2's text. [redis-3.2 geo.c] */
export const GEOADD_SYNTAX_32 = errorLine(
  'syntax error. Try GEOADD key [x1] [y1] [name1] [x2] [y2] [name2] ... ',
)
export const GEO_UNIT_32 = errorLine('unsupported unit provided. please use m, km, ft, mi')
export const GEO_UNIT = errorLine('unsupported unit provided. please use M, KM, FT, MI')
export const GEO_RADIUS_NOT_NUMERIC = errorLine('need numeric radius')
export const GEO_RADIUS_NEGATIVE = errorLine('radius cannot be negative')
export const GEO_WIDTH_NOT_NUMERIC = errorLine('need numeric width')
export const GEO_HEIGHT_NOT_NUMERIC = errorLine('need numeric height')
export const GEO_BOX_NEGATIVE = errorLine('height or width cannot be negative')
export const GEO_NO_MEMBER = errorLine('could not decode requested zset member')
export const GEO_COUNT_NOT_POSITIVE = errorLine('COUNT must be > 0')
export const GEO_ANY_NEEDS_COUNT = errorLine('the ANY argument requires COUNT argument')
export const GEO_STORE_WITH = errorLine(
  'STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options',
)
/** 3.2's text. [redis-3.2 geo.c] */
export const GEO_STORE_WITH_32 = errorLine(
  'STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORDS options',
)
export const GEOSEARCHSTORE_WITH = errorLine(
  'GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options',
)

/** For GEOSEARCH and GEOSEARCHSTORE. */
export function geoCentreMissing(command: string): Uint8Array {
  return errorLine(`exactly one of FROMMEMBER or FROMLONLAT can be specified for ${command}`)
}

export function geoShapeMissing(command: string): Uint8Array {
  return errorLine(`exactly one of BYRADIUS and BYBOX can be specified for ${command}`)
}

export function invalidPlace(longitude: number, latitude: number): Uint8Array {
  return errorLine(`invalid longitude,latitude pair ${fixed(longitude)},${fixed(latitude)}`)
}

/** From here on toFixed uses an exponent. */
const FIXED_MAX = 1e21

/** C's "%f". */
function fixed(value: number): string {
  // toFixed shows no sign of a negative 0.
  if (Object.is(value, -0)) return '-0.000000'
  if (Math.abs(value) < FIXED_MAX) return value.toFixed(6)
  if (Number.isFinite(value)) return `${BigInt(value)}.000000`
  return value < 0 ? '-inf' : 'inf'
}
