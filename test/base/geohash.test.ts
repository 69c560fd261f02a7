// Places as scores, against a real Redis: scores, places, texts, distances, and searches with the
// order in which it answers.

import t from 'tap'
import {
  decodeGeo,
  encodeGeo,
  findBoxRanges,
  findRadiusRanges,
  GEO_LATITUDE_MAX,
  GEO_LONGITUDE_MAX,
  GEOHASH_TEXT_BYTES,
  GeoRanges,
  geoDistance,
  isInGeoBox,
  writeGeohashText,
} from '../../src/base/geohash.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'

const skip = redisSkip()
const LONG = process.env.CKV_TEST_LONG === '1' ? 10 : 1
const PLACES = 5000
const SEARCHES = 600 * LONG
const seed = Number(process.env.CKV_TEST_SEED ?? 85_051)

const LONGITUDES = [-180, 180, 0, -0, 90, -90, 1e-9, 179.999999999, -179.999999999]
const LATITUDES = [-GEO_LATITUDE_MAX, GEO_LATITUDE_MAX, 0, 66, -66.1, 80, -80.1, 85.05, 1e-9]

function real(random: SeededRandom, bound: number): number {
  return (random.word() / 2 ** 32 - 0.5) * 2 * bound
}

/** All over the world, at its edges, and in a crowd. */
function somePlace(random: SeededRandom): [longitude: number, latitude: number] {
  const kind = random.below(10)
  if (kind === 0) {
    const longitude = LONGITUDES[random.below(LONGITUDES.length)]
    return [longitude, LATITUDES[random.below(LATITUDES.length)]]
  }
  if (kind < 4) return [13.4 + real(random, 0.05), 52.5 + real(random, 0.05)]
  return [real(random, GEO_LONGITUDE_MAX), real(random, GEO_LATITUDE_MAX)]
}

const point = { longitude: 0, latitude: 0 }

function decoded(score: number): [number, number] {
  decodeGeo(score, point)
  return [point.longitude, point.latitude]
}

function geohashText(score: number): string {
  const bytes = Buffer.alloc(GEOHASH_TEXT_BYTES)
  writeGeohashText(score, bytes, 0)
  return bytes.toString('latin1')
}

/** 17 decimals behind the point are shown, which is less than a double has next to 0. */
function isSamePlace(reply: Reply, found: [number, number]): boolean {
  const [longitude, latitude] = reply as string[]
  const near = (text: string, value: number) => Math.abs(Number(text) - value) < 1e-16
  return near(longitude, found[0]) && near(latitude, found[1])
}

t.test('known places', async (t) => {
  // The example of the GEOADD documentation.
  const palermo = encodeGeo(13.361389, 38.115556)
  const catania = encodeGeo(15.087269, 37.502669)
  t.equal(palermo, 3479099956230698)
  t.equal(catania, 3479447370796909)
  t.equal(geohashText(palermo), 'sqc8b49rny0')
  const distance = geoDistance(...decoded(palermo), ...decoded(catania))
  t.equal(distance.toFixed(4), '166274.1516')
})

t.test('scores, places, texts and distances', { skip }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const random = new SeededRandom(seed)
  const places = Array.from({ length: PLACES }, () => somePlace(random))
  await redis.pipeline(places.map(([x, y], at) => ['GEOADD', 'g', `${x}`, `${y}`, `m${at}`]))
  const names = places.map((_, at) => `m${at}`)
  const [scores, positions, texts] = (await redis.pipeline([
    ['ZMSCORE', 'g', ...names],
    ['GEOPOS', 'g', ...names],
    ['GEOHASH', 'g', ...names],
  ])) as Reply[][]
  const wrong = { score: 0, place: 0, text: 0, distance: 0 }
  for (const [at, [longitude, latitude]] of places.entries()) {
    const score = encodeGeo(longitude, latitude)
    if (score !== Number(scores[at])) wrong.score++
    if (!isSamePlace(positions[at], decoded(score))) wrong.place++
    if (geohashText(score) !== texts[at]) wrong.text++
  }
  const distances = await redis.pipeline(
    names.slice(1).map((name, at) => ['GEODIST', 'g', names[at], name]),
  )
  for (const [at, distance] of distances.entries()) {
    const [first, second] = [Number(scores[at]), Number(scores[at + 1])]
    const found = geoDistance(...decoded(first), ...decoded(second))
    // Sine and cosine of two libraries may differ in their last bit.
    if (Math.abs(Number(distance) - found) > 0.000_051) wrong.distance++
  }
  t.same(wrong, { score: 0, place: 0, text: 0, distance: 0 }, `seed ${seed}`)
})

t.test('scores that are no place', { skip }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const random = new SeededRandom(seed + 1)
  const edges = [0, 0.5, -0.5, -1, -5, 2 ** 32, -(2 ** 32), 2 ** 52, 2 ** 53, 2 ** 63, 2 ** 64]
  const beyond = [-(2 ** 63), -(2 ** 64), 1e30, -1e30, Infinity, -Infinity, 4.9e-324]
  const scores = [...edges, ...beyond]
  for (let count = 0; count < 2000; count++) scores.push(real(random, 2 ** random.below(66)))
  const text = (score: number) => String(score).replace('Infinity', 'inf')
  await redis.pipeline(scores.map((score, at) => ['ZADD', 'z', text(score), `m${at}`]))
  const names = scores.map((_, at) => `m${at}`)
  const [positions, texts] = (await redis.pipeline([
    ['GEOPOS', 'z', ...names],
    ['GEOHASH', 'z', ...names],
  ])) as Reply[][]
  const wrong = scores.filter(
    (score, at) => !isSamePlace(positions[at], decoded(score)) || geohashText(score) !== texts[at],
  )
  t.same(wrong, [], `seed ${seed + 1}`)
})

interface Search {
  words: string[]
  ranges: GeoRanges
  isInside(longitude: number, latitude: number): boolean
}

function someMeters(random: SeededRandom): number {
  if (random.below(20) === 0) return 0
  return Math.round(10 ** (random.below(74) / 10)) + random.below(1000) / 1000
}

function someSearch(random: SeededRandom): Search {
  const [longitude, latitude] = somePlace(random)
  const ranges = new GeoRanges()
  const start = ['GEOSEARCH', 'g', 'FROMLONLAT', `${longitude}`, `${latitude}`]
  const width = someMeters(random)
  if (random.below(2) === 0) {
    findRadiusRanges(longitude, latitude, width, ranges)
    const isInside = (x: number, y: number) => geoDistance(longitude, latitude, x, y) <= width
    return { words: [...start, 'BYRADIUS', `${width}`, 'm'], ranges, isInside }
  }
  const height = someMeters(random)
  findBoxRanges(longitude, latitude, width, height, ranges)
  const isInside = (x: number, y: number) => isInGeoBox(longitude, latitude, x, y, width, height)
  return { words: [...start, 'BYBOX', `${width}`, `${height}`, 'm'], ranges, isInside }
}

function answer({ ranges, isInside }: Search, members: { name: string; score: number }[]) {
  const found: string[] = []
  for (let range = 0; range < ranges.count; range++) {
    for (const { name, score } of members) {
      if (score < ranges.minimums[range] || score >= ranges.maximums[range]) continue
      if (isInside(...decoded(score))) found.push(name)
    }
  }
  return found
}

t.test('searches answer in the order of Redis', { skip }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const random = new SeededRandom(seed + 2)
  const places = Array.from({ length: 1500 }, () => somePlace(random))
  await redis.pipeline(places.map(([x, y], at) => ['GEOADD', 'g', `${x}`, `${y}`, `m${at}`]))
  const [sorted] = (await redis.pipeline([['ZRANGE', 'g', '0', '-1', 'WITHSCORES']])) as string[][]
  const members = Array.from({ length: sorted.length / 2 }, (_, at) => ({
    name: sorted[at * 2],
    score: Number(sorted[at * 2 + 1]),
  }))
  const searches = Array.from({ length: SEARCHES }, () => someSearch(random))
  const replies = await redis.pipeline(searches.map(({ words }) => words))
  let total = 0
  let repeated = 0
  for (const [at, search] of searches.entries()) {
    const found = answer(search, members)
    total += found.length
    if (new Set(found).size < found.length) repeated++
    if (found.join() === (replies[at] as string[]).join()) continue
    t.same(found, replies[at], `${search.words.join(' ')}, seed ${seed + 2}`)
    break
  }
  t.ok(total > SEARCHES, `${total} answers, ${repeated} searches with repeated members`)
})
