// Geo commands: known places, errors of both versions, and random searches beside redis-server.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { GeoHits } from '../../src/command/geo-hits.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import { ShardFixture } from '../support/shard-fixture.ts'
import { checkSound, error, LATER, OK, PROFILES, SYNTAX, script, WRONG_TYPE } from './script.ts'

const PALERMO = ['13.36138933897018433', '38.11555639549629859']
const STORE_WITH_32 =
  'ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORDS options'
const SICILY = 'GEOADD s 13.361389 38.115556 Palermo 15.087269 37.502669 Catania'

t.test('places, distances, searches', async (t) => {
  script(t, PROFILES, [
    [SICILY, 2],
    [SICILY, 0],
    ['TYPE s', { simple: 'zset' }],
    ['GEOPOS s Palermo none', [PALERMO, null]],
    ['GEOPOS none Palermo', [null]],
    ['GEOHASH s Palermo Catania none', ['sqc8b49rny0', 'sqdtr74hyu0', null]],
    ['GEODIST s Palermo Catania', '166274.1516'],
    ['GEODIST s Palermo Catania km', '166.2742'],
    ['GEODIST s Palermo none', null],
    ['GEODIST none a b', null],
    ['GEORADIUS s 15 37 200 km', ['Palermo', 'Catania']],
    ['GEORADIUS s 15 37 200 km ASC', ['Catania', 'Palermo']],
    ['GEORADIUS s 15 37 200 km COUNT 1', ['Catania']],
    ['GEORADIUS s 15 37 100 km WITHDIST WITHHASH', [['Catania', '56.4413', 3479447370796909]]],
    ['GEORADIUSBYMEMBER s Palermo 10 m WITHCOORD', [['Palermo', PALERMO]]],
    ['GEORADIUSBYMEMBER none Palermo 10 m', []],
    ['GEORADIUSBYMEMBER none Palermo x furlong', []],
    ['GEORADIUS s 15 37 200 km STORE {s}d', 2],
    ['ZSCORE {s}d Palermo', '3479099956230698'],
    ['GEORADIUS s 15 37 200 km DESC COUNT 1 STOREDIST {s}d', 1],
    ['ZRANGE {s}d 0 -1 WITHSCORES', ['Palermo', '190.44242984775784']],
    ['GEORADIUS s 0 0 1 m STORE {s}d', 0],
    ['EXISTS {s}d', 0],
    ['SET {s}t v', OK],
    ['GEOADD {s}t 1 1 a', error(WRONG_TYPE)],
    ['GEORADIUS {s}t 1 1 1 m', error(WRONG_TYPE)],
  ])
})

t.test('hits that are too many bytes', async (t) => {
  const hits = new GeoHits(8192)
  hits.begin()
  const member = new Uint8Array(1000).fill(7)
  let count = 0
  while (hits.add(member, 0, member.length, count, 0, 0, 0)) count++
  t.equal(count, 8, 'as many as fit')
  t.equal(hits.count, 8)
  t.same(hits.bytes.subarray(7000, 8000), member, 'they are there')
})

t.test('what is refused', async (t) => {
  const NOT_FLOAT = error('ERR value is not a valid float')
  script(t, PROFILES, [
    [SICILY, 2],
    ['GEOADD s 181 1 a', error('ERR invalid longitude,latitude pair 181.000000,1.000000')],
    ['GEOADD s x 1 a', NOT_FLOAT],
    ['GEORADIUS s 1 x 1 m', NOT_FLOAT],
    ['GEORADIUS s 1 1 x m', error('ERR need numeric radius')],
    ['GEORADIUS s 1 1 -1 m', error('ERR radius cannot be negative')],
    ['GEORADIUS s 1 1 1 m COUNT 0', error('ERR COUNT must be > 0')],
    ['GEORADIUS s 1 1 1 m COUNT', error(SYNTAX)],
    ['GEORADIUSBYMEMBER s none 1 m', error('ERR could not decode requested zset member')],
    ['GEODIST s Palermo Catania m m', error(SYNTAX)],
  ])
  script(
    t,
    ['ckv', 'extended'],
    [
      ['GEODIST s a b x', error('ERR unsupported unit provided. please use m, km, ft, mi')],
      ['GEORADIUS s 1 1 1 m WITHDIST STORE {s}d', error(STORE_WITH_32)],
    ],
  )
  script(
    t,
    ['redis'],
    [
      ['GEODIST s a b x', error('ERR unsupported unit provided. please use M, KM, FT, MI')],
      ['GEOADD s NX XX 1 1 a', error(SYNTAX)],
    ],
  )
  script(t, LATER, [
    [SICILY, 2],
    ['GEOADD s CH 13 38 Palermo', 1],
    ['GEOADD s NX 14 38 Palermo', 0],
    ['GEOADD s XX 14 38 new', 0],
    ['GEOSEARCH s FROMLONLAT 15 37 BYBOX 400 400 km ASC', ['Catania', 'Palermo']],
    [
      'GEOSEARCH s FROMMEMBER Catania BYRADIUS 1 m ANY',
      error('ERR the ANY argument requires COUNT argument'),
    ],
    ['GEOSEARCHSTORE {s}d s FROMMEMBER Palermo BYRADIUS 500 km', 2],
    ['GEORADIUS_RO s 15 37 200 km STORE {s}d', error(SYNTAX)],
  ])
})

/** Commands of a random run on one key. */
function* randomCommands(random: SeededRandom, count: number): Generator<string[]> {
  const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)]
  const degrees = (most: number): string => String((random.word() / 2 ** 32 - 0.5) * 2 * most)
  const place = (): string[] => {
    const near = random.below(3) > 0
    return near ? [degrees(2), degrees(2)] : [degrees(180), degrees(85)]
  }
  const radius = (): string[] => [
    pick(['1', '0', '50', '700', '3000', '0.5', '20000']),
    pick(['km', 'mi', 'm', 'FT']),
  ]
  const extras = (): string[] => [
    ...(random.below(2) === 0 ? ['WITHDIST'] : []),
    ...(random.below(3) === 0 ? ['WITHCOORD', 'WITHHASH'] : []),
    ...(random.below(3) === 0 ? ['COUNT', pick(['1', '3', '50'])] : []),
    ...(random.below(3) === 0 ? [pick(['ASC', 'DESC'])] : []),
  ]
  for (let done = 0; done < count; done++) {
    const member = `m${random.below(400)}`
    switch (random.below(8)) {
      case 0:
        yield ['GEORADIUS', 'g', ...place(), ...radius(), ...extras()]
        break
      case 1:
        yield ['GEORADIUSBYMEMBER', 'g', member, ...radius(), ...extras()]
        break
      case 2:
        yield ['GEOSEARCH', 'g', 'FROMLONLAT', ...place(), 'BYRADIUS', ...radius(), ...extras()]
        break
      case 3: {
        const box = ['BYBOX', pick(['10', '500', '4000']), pick(['1', '900', '9000']), 'km']
        yield ['GEOSEARCH', 'g', 'FROMMEMBER', member, ...box, ...extras()]
        break
      }
      case 4:
        yield ['GEODIST', 'g', member, `m${random.below(400)}`, 'km']
        yield ['GEOPOS', 'g', member]
        yield ['GEOHASH', 'g', member]
        break
      case 5: {
        const distances = random.below(2) === 0
        const store = distances ? 'STOREDIST' : 'STORE'
        yield ['GEORADIUS', 'g', ...place(), '900', 'km', store, 'd']
        // The last bit of a distance is a matter of the library that knows the sines.
        yield distances ? ['ZCARD', 'd'] : ['ZRANGE', 'd', '0', '-1', 'WITHSCORES']
        break
      }
      default:
        yield ['GEOADD', 'g', ...place(), member]
    }
  }
}

t.test('random searches beside redis-server', { skip: redisSkip() }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const client = await redis.connect()
  const seed = 20_261_126
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: 8_388_608 })
  let compared = 0
  for (const words of randomCommands(new SeededRandom(seed), 2500)) {
    const ours = fixture.run(...words)
    const theirs = await client.send(...words)
    compared++
    if (JSON.stringify(ours) === JSON.stringify(theirs)) continue
    t.same(ours, theirs, `seed ${seed}: ${words.join(' ')}`)
    break
  }
  t.ok(compared > 1500, `${compared} replies compared`)
  checkSound(t, fixture, 'after random searches')
  await client.close()
})
