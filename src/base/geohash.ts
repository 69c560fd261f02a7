// Places on earth as scores of a sorted set, Redis's way: any thread, numbers only.
// [redis-7.0 geohash.c, geohash_helper.c, geo.c]
//
// Longitude and latitude become whole numbers of 26 bits, the position within their limits. Their
// bits interleave, longitude's first, so that a common beginning of two scores is a common box:
//
//   bit   51 50 49 48 …  1  0        step 1: bits 51-50 name one of 4 boxes of the world
//         x  y  x  y  …  x  y        step 2: bits 51-48 name one of 16, and so on to step 26
//
// A search looks at the box of its centre and the 8 around it, each a range of scores. 52 bits fit
// a double; the upper limits themselves (longitude 180) have a 53rd or 54th bit, as in Redis, where
// the score is rounded to a double too.

export const GEO_LONGITUDE_MAX = 180
export const GEO_LATITUDE_MAX = 85.05112878

const STEP_MAX = 26
const EARTH_RADIUS_METERS = 6372797.560856
const MERCATOR_METERS_MAX = 20037726.37
const RADIANS_PER_DEGREE = Math.PI / 180
const TWO_POWER_32 = 2 ** 32
const TWO_POWER_63 = 2 ** 63
const TWO_POWER_64 = 2 ** 64
const LONGITUDE_SCALE = GEO_LONGITUDE_MAX * 2
const LATITUDE_SCALE = GEO_LATITUDE_MAX * 2

/** Degrees; filled by decodeGeo. */
export interface GeoPoint {
  longitude: number
  latitude: number
}

/** The score of a place, whose degrees are within the limits. */
export function encodeGeo(longitude: number, latitude: number): number {
  return joinBits(cellOfLongitude(longitude, STEP_MAX), cellOfLatitude(latitude, STEP_MAX), 0)
}

/** The middle of the box that a score names. Any score may be asked, also one of ZADD. */
export function decodeGeo(score: number, target: GeoPoint): void {
  // As x86-64 makes 64 unsigned bits of a double, which is what Redis asks for: whole, negative
  // ones as a two's complement, and what is beyond either end the bits of 0 or of -2^63.
  const whole = Math.trunc(Math.min(Math.abs(score), score < 0 ? TWO_POWER_63 : TWO_POWER_64))
  let low = (whole % TWO_POWER_32) | 0
  let high = Math.floor(whole / TWO_POWER_32) | 0
  if (score < 0) {
    low = -low | 0
    high = low === 0 ? -high | 0 : ~high
  }
  const x = ((oddBits(high) << 16) | oddBits(low)) >>> 0
  const y = ((evenBits(high) << 16) | evenBits(low)) >>> 0
  // The cell behind is counted in 32 bits: that only shows for scores no place has.
  const longitude = (longitudeOf(x, STEP_MAX) + longitudeOf((x + 1) >>> 0, STEP_MAX)) / 2
  const latitude = (latitudeOf(y, STEP_MAX) + latitudeOf((y + 1) >>> 0, STEP_MAX)) / 2
  target.longitude = clamp(longitude, GEO_LONGITUDE_MAX)
  target.latitude = clamp(latitude, GEO_LATITUDE_MAX)
}

function clamp(degrees: number, degreesMax: number): number {
  return Math.min(Math.max(degrees, -degreesMax), degreesMax)
}

export const GEOHASH_TEXT_BYTES = 11
const ALPHABET = Buffer.from('0123456789bcdefghjkmnpqrstuvwxyz')
const TEXT_LATITUDE_MAX = 90
const TEXT_BITS = 5

/**
 * The standard geohash of a score's place, for which latitude goes to 90 degrees. 11 characters at
 * target[at]; of the last one no bits are known, Redis writes 0.
 */
export function writeGeohashText(score: number, target: Uint8Array, at: number): void {
  decodeGeo(score, place)
  const cells = 2 ** STEP_MAX
  const x = Math.trunc(((place.longitude + GEO_LONGITUDE_MAX) / LONGITUDE_SCALE) * cells)
  const y = Math.trunc(((place.latitude + TEXT_LATITUDE_MAX) / (TEXT_LATITUDE_MAX * 2)) * cells)
  // Longitude 180 has a bit too many, of which the text knows nothing.
  const bits = joinBits(x % cells, y, 0)
  for (let index = 0; index < GEOHASH_TEXT_BYTES - 1; index++) {
    const shift = 2 * STEP_MAX - (index + 1) * TEXT_BITS
    target[at + index] = ALPHABET[Math.floor(bits / 2 ** shift) % 2 ** TEXT_BITS]
  }
  target[at + GEOHASH_TEXT_BYTES - 1] = ALPHABET[0]
}

const place: GeoPoint = { longitude: 0, latitude: 0 }

/** Meters of the great circle between two places. */
export function geoDistance(
  longitude1: number,
  latitude1: number,
  longitude2: number,
  latitude2: number,
): number {
  const radians1 = toRadians(latitude1)
  const radians2 = toRadians(latitude2)
  const u = Math.sin((radians2 - radians1) / 2)
  const v = Math.sin((toRadians(longitude2) - toRadians(longitude1)) / 2)
  const haversine = u * u + Math.cos(radians1) * Math.cos(radians2) * v * v
  return 2 * EARTH_RADIUS_METERS * Math.asin(Math.sqrt(haversine))
}

/**
 * Whether a place is in the box around a centre: half a height away along its meridian, half a
 * width along its own parallel, each measured as a great circle. [redis-7.0]
 */
export function isInGeoBox(
  centreLongitude: number,
  centreLatitude: number,
  longitude: number,
  latitude: number,
  widthMeters: number,
  heightMeters: number,
): boolean {
  const across = geoDistance(longitude, latitude, centreLongitude, latitude)
  const along = geoDistance(longitude, latitude, longitude, centreLatitude)
  return across <= widthMeters / 2 && along <= heightMeters / 2
}

function toRadians(degrees: number): number {
  return degrees * RADIANS_PER_DEGREE
}

function toDegrees(radians: number): number {
  return radians / RADIANS_PER_DEGREE
}

const BOX_COUNT = 9

/** Ranges of scores, in the order in which Redis looks at them and answers without a sort. */
export class GeoRanges {
  count = 0
  /** Included. */
  readonly minimums = new Float64Array(BOX_COUNT)
  /** Excluded. */
  readonly maximums = new Float64Array(BOX_COUNT)
}

/** The ranges that hold every place so near. */
export function findRadiusRanges(
  longitude: number,
  latitude: number,
  radiusMeters: number,
  ranges: GeoRanges,
): void {
  findRanges(longitude, latitude, radiusMeters, radiusMeters, radiusMeters, ranges)
}

/** The ranges that hold every place of a box around the centre. */
export function findBoxRanges(
  longitude: number,
  latitude: number,
  widthMeters: number,
  heightMeters: number,
  ranges: GeoRanges,
): void {
  const across = widthMeters / 2
  const along = heightMeters / 2
  const corner = Math.sqrt(across * across + along * along)
  findRanges(longitude, latitude, across, along, corner, ranges)
}

// The 9 boxes in Redis's order: the centre, north, south, east, west, north-east, north-west,
// south-east, south-west.
const STEPS_EAST = [0, 0, 0, 1, -1, 1, -1, 1, -1] as const
const STEPS_NORTH = [0, 1, -1, 0, 0, 1, 1, -1, -1] as const

function findRanges(
  longitude: number,
  latitude: number,
  acrossMeters: number,
  alongMeters: number,
  farthestMeters: number,
  ranges: GeoRanges,
): void {
  const latitudeDelta = toDegrees(alongMeters / EARTH_RADIUS_METERS)
  // Of the two edges the one nearer to the pole spans more degrees. [redis-7.0]
  const edge = latitude < 0 ? latitude - latitudeDelta : latitude + latitudeDelta
  const longitudeDelta = toDegrees(acrossMeters / EARTH_RADIUS_METERS / Math.cos(toRadians(edge)))
  const west = longitude - longitudeDelta
  const east = longitude + longitudeDelta
  const south = latitude - latitudeDelta
  const north = latitude + latitudeDelta
  let step = estimateStep(farthestMeters, latitude)
  let x = cellOfLongitude(longitude, step)
  let y = cellOfLatitude(latitude, step)
  // A centre near the edge of its box: the boxes around may not reach far enough.
  const tooSmall =
    latitudeOf(wrap(y + 1, step) + 1, step) < north ||
    latitudeOf(wrap(y - 1, step), step) > south ||
    longitudeOf(wrap(x + 1, step) + 1, step) < east ||
    longitudeOf(wrap(x - 1, step), step) > west
  if (step > 1 && tooSmall) {
    step--
    x = cellOfLongitude(longitude, step)
    y = cellOfLatitude(latitude, step)
  }
  const few = step < 2
  const eastMin = !few && longitudeOf(x, step) < west ? 0 : -1
  const eastMax = !few && longitudeOf(x + 1, step) > east ? 0 : 1
  const northMin = !few && latitudeOf(y, step) < south ? 0 : -1
  const northMax = !few && latitudeOf(y + 1, step) > north ? 0 : 1
  ranges.count = 0
  for (let box = 0; box < BOX_COUNT; box++) {
    const dx = STEPS_EAST[box]
    const dy = STEPS_NORTH[box]
    if (dx < eastMin || dx > eastMax || dy < northMin || dy > northMax) continue
    const boxX = dx === 0 ? x : wrap(x + dx, step)
    const boxY = dy === 0 ? y : wrap(y + dy, step)
    addRange(ranges, box, boxX, boxY, step)
  }
}

/** How fine the boxes may be so that 9 of them hold the circle. */
function estimateStep(radiusMeters: number, latitude: number): number {
  if (radiusMeters === 0) return STEP_MAX
  let step = 1
  // A radius that is no number ends here at once, as in Redis.
  for (let meters = radiusMeters; meters < MERCATOR_METERS_MAX; meters *= 2) step++
  step -= 2
  const fromEquator = Math.abs(latitude)
  if (fromEquator > 66) step--
  if (fromEquator > 80) step--
  return Math.min(Math.max(step, 1), STEP_MAX)
}

/**
 * With few boxes neighbours fall together (the one in the east is the one in the west); Redis
 * leaves out a box that is the same as the one looked at before, unless that was the centre.
 */
function addRange(ranges: GeoRanges, box: number, x: number, y: number, step: number): void {
  const scale = 2 ** (2 * (STEP_MAX - step))
  const min = joinBits(x, y, 0) * scale
  const last = ranges.count - 1
  if (box > 0 && last > 0 && ranges.minimums[last] === min) return
  ranges.minimums[ranges.count] = min
  ranges.maximums[ranges.count] = joinBits(x, y, 1) * scale
  ranges.count++
}

function wrap(cell: number, step: number): number {
  return cell & ((1 << step) - 1)
}

function cellOfLongitude(longitude: number, step: number): number {
  return Math.trunc(((longitude + GEO_LONGITUDE_MAX) / LONGITUDE_SCALE) * 2 ** step)
}

function cellOfLatitude(latitude: number, step: number): number {
  return Math.trunc(((latitude + GEO_LATITUDE_MAX) / LATITUDE_SCALE) * 2 ** step)
}

/** The western edge of a cell. */
function longitudeOf(cell: number, step: number): number {
  return -GEO_LONGITUDE_MAX + (cell / 2 ** step) * LONGITUDE_SCALE
}

/** The southern edge of a cell. */
function latitudeOf(cell: number, step: number): number {
  return -GEO_LATITUDE_MAX + (cell / 2 ** step) * LATITUDE_SCALE
}

/** Interleaves x (odd bits) and y (even bits) of 32 bits each, and adds to it: rounded once. */
function joinBits(x: number, y: number, added: number): number {
  const low = ((spread(x) << 1) | spread(y)) >>> 0
  const high = ((spread(x >>> 16) << 1) | spread(y >>> 16)) >>> 0
  return high * TWO_POWER_32 + (low + added)
}

/** Bits 0-15 to the bits 0, 2, … 30. */
function spread(value: number): number {
  let bits = value & 0xffff
  bits = (bits | (bits << 8)) & 0x00ff00ff
  bits = (bits | (bits << 4)) & 0x0f0f0f0f
  bits = (bits | (bits << 2)) & 0x33333333
  return (bits | (bits << 1)) & 0x55555555
}

function evenBits(value: number): number {
  let bits = value & 0x55555555
  bits = (bits | (bits >>> 1)) & 0x33333333
  bits = (bits | (bits >>> 2)) & 0x0f0f0f0f
  bits = (bits | (bits >>> 4)) & 0x00ff00ff
  return (bits | (bits >>> 8)) & 0xffff
}

function oddBits(value: number): number {
  return evenBits(value >>> 1)
}
