// Random writes over several databases with swaps, flushes, renames, copies and moves: the logs of
// two shards, partitioned for three, give back the same data.

import t from 'tap'
import { ManualClock } from '../../src/base/clock.ts'
import { type Random, SeededRandom } from '../../src/base/random.ts'
import { createGeneration, newManifest, shardDirectory } from '../../src/log/manifest.ts'
import { repartitionLogs } from '../../src/recovery/repartition.ts'
import { rowsByteLength } from '../../src/rows/layout.ts'
import { INSTANCE } from '../support/log-fixture.ts'
import { recoveredFrom, ShardFixture, type Words } from '../support/shard-fixture.ts'
import { SimFs } from '../support/sim-fs.ts'

const SEED = Number(process.env.CKV_TEST_SEED ?? 20_261_126)
const RUNS = process.env.CKV_TEST_LONG === undefined ? 30 : 600
const COMMANDS = 120
const OLD_SHARDS = 2
const NEW_SHARDS = 3
const DATABASES = 3

function commandOf(random: Random): Words {
  const keys = Array.from({ length: 8 }, (_, key) => (key < 4 ? `{t}${key}` : `k${key}`))
  const key = keys[random.below(keys.length)]
  const other = keys[random.below(keys.length)]
  const database = String(random.below(DATABASES))
  switch (random.below(14)) {
    case 0:
      return ['SWAPDB', database, String(random.below(DATABASES))]
    case 1:
      return random.below(3) === 0 ? ['FLUSHDB'] : ['DEL', key]
    case 2:
      return random.below(8) === 0 ? ['FLUSHALL'] : ['APPEND', key, 'x']
    case 3:
    case 4:
      return ['RENAME', key, other]
    case 5:
    case 6:
      return ['MOVE', key, database]
    case 7:
      return ['COPY', key, other, 'DB', database, 'REPLACE']
    case 8:
    case 9:
      return ['HSET', key, `field ${random.below(4)}`, String(random.below(1000))]
    case 10:
      return ['EXPIRE', key, '1000']
    default:
      return ['SET', key, String(random.below(1000))]
  }
}

t.test('databases after a re-partition', async (t) => {
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED + run
    const random = new SeededRandom(seed)
    const fixture = new ShardFixture({ profile: 'redis', shards: OLD_SHARDS, sliceBytes: 16_384 })
    for (let done = 0; done < COMMANDS; done++) {
      fixture.database = random.below(DATABASES)
      fixture.run(...commandOf(random))
    }
    t.same(fixture.recovered(), fixture.contents(), `seed ${seed}: replay`)
    const files = new SimFs()
    files.mkdir('/data')
    createGeneration(files, '/data', 1, OLD_SHARDS)
    createGeneration(files, '/data', 2, NEW_SHARDS)
    for (let shard = 0; shard < OLD_SHARDS; shard++) {
      for (const name of fixture.files.readdir(`/shard-${shard}`)) {
        const bytes = fixture.files.contents(`/shard-${shard}/${name}`)
        files.put(`${shardDirectory('/data', 1, shard)}/${name}`, bytes)
      }
    }
    const from = newManifest(INSTANCE, OLD_SHARDS)
    repartitionLogs(
      {
        directory: '/data',
        from,
        to: { ...from, generation: 2, shardCount: NEW_SHARDS },
        segmentBytes: 1_000_000,
        rows: new SharedArrayBuffer(rowsByteLength(NEW_SHARDS)),
        slices: Array.from({ length: NEW_SHARDS }, () => new SharedArrayBuffer(16_384)),
      },
      files,
      new ManualClock(fixture.clock.wallMs()),
    )
    const directories = Array.from({ length: NEW_SHARDS }, (_, shard) =>
      shardDirectory('/data', 2, shard),
    )
    t.same(recoveredFrom(files, directories, 2), fixture.contents(), `seed ${seed}`)
  }
})
