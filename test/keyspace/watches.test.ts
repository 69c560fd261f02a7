// The area of watched keys: what touches a registration, what does not, what is full, what is left.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { ShardSide } from '../../src/keyspace/side.ts'
import { NO_PLACE, NO_WATCH_AREA, WatchArea } from '../../src/keyspace/watch-area.ts'
import {
  BUCKET_PLACES,
  WATCH_BUCKETS_MAX,
  WATCH_BUCKETS_MIN,
  watchAreaBytes,
  watchBuckets,
} from '../../src/keyspace/watch-layout.ts'
import { WatchList, watchesHold } from '../../src/keyspace/watch-list.ts'
import { NO_EXPIRY } from '../../src/memory/layout.ts'
import { ShardFixture, type ShardOptions, type Words } from '../support/shard-fixture.ts'

const SEED = Number(process.env.CKV_TEST_SEED ?? 7)

function makeArea(buckets = WATCH_BUCKETS_MIN): WatchArea {
  return new WatchArea(new SharedArrayBuffer(watchAreaBytes(buckets)))
}

/** Shards whose keys can be watched, and what WATCH answered last. */
class Watching {
  readonly fixture: ShardFixture
  list = new WatchList()

  constructor(options: ShardOptions = {}) {
    this.fixture = new ShardFixture({ profile: 'redis', ...options })
    for (const side of this.fixture.sides) side.watches = makeArea()
  }

  watch(...keys: string[]): unknown {
    const reply = this.fixture.run('WATCH', ...keys)
    const { watching } = this.fixture.call
    this.list.addWords(watching.words, 0, watching.count)
    return reply
  }

  /** Would EXEC run? Ends the watching. */
  holds(): boolean {
    const { sides, clock } = this.fixture
    const holds = watchesHold(sides, this.list.words, 0, this.list.count, clock.wallMs())
    this.list.release(sides)
    return holds
  }

  registrations(): number {
    return this.fixture.sides.reduce((sum, { watches }) => sum + watches.registrationCount(), 0)
  }
}

const OK = { simple: 'OK' }

/** What is there, what happens to it, and whether a transaction that watches k, m and n runs. */
const CASES: readonly [before: string, touching: string, holds: boolean][] = [
  ['SET k 1', 'GET k', true],
  ['SET k 1', 'SET k 1', false],
  ['SET k 1', 'SET other 1', true],
  ['SET k 1', 'DEL k', false],
  ['SET k 1', 'DEL none', true],
  ['SET k 1', 'EXPIRE k 100', false],
  ['SET k 1', 'EXPIRE none 100', true],
  ['SET k 1 EX 100', 'PERSIST k', false],
  ['SET k 1', 'PERSIST k', true],
  ['SET k 1', 'APPEND k x', false],
  ['SET k 1', 'SETRANGE k 2 x', false],
  ['SET k 1', 'SETNX k x', true],
  ['SET k 1', 'RENAME k other', false],
  ['SET other 1', 'RENAME other k', false],
  ['SET other 1', 'MSET other 1 n 2', false],
  ['SET other 1', 'MSET other 1 another 2', true],
  ['SET k 1', 'FLUSHDB', false],
  ['SET k 1', 'FLUSHALL', false],
  ['SET other 1', 'FLUSHALL', true],
  ['SET k text', 'INCR k', true],
]

t.test('what touches a watched key', async (t) => {
  for (const shards of [1, 3]) {
    for (const [before, touching, holds] of CASES) {
      const watching = new Watching({ shards })
      watching.fixture.run(...before.split(' '))
      t.same(watching.watch('k', 'm', 'n'), OK)
      watching.fixture.run(...touching.split(' '))
      t.equal(watching.holds(), holds, `${before}; WATCH k m n; ${touching}, ${shards} shards`)
      t.equal(watching.registrations(), 0)
    }
  }
})

t.test('keys and values longer than a quarter of the log slice', async (t) => {
  const value = 'v'.repeat(20_000)
  const key = 'k'.repeat(20_000)
  const cases: [Words, Words][] = [
    [
      ['SET', 'k', '1'],
      ['SET', 'k', value],
    ],
    [
      ['SET', 'k', '1'],
      ['MSET', 'other', '1', 'k', value],
    ],
    [
      ['SET', key, '1'],
      ['DEL', key],
    ],
    [
      ['SET', key, '1'],
      ['RENAME', key, 'other'],
    ],
    [
      ['SET', 'k', value],
      ['RENAME', 'k', key],
    ],
    [
      ['SET', key, '1'],
      ['EXPIRE', key, '100'],
    ],
    [
      ['SET', key, '1', 'EX', '10'],
      ['PERSIST', key],
    ],
  ]
  for (const [before, touching] of cases) {
    const watching = new Watching({ arenaBytes: 4_194_304 })
    watching.fixture.run(...before)
    watching.watch('k', key)
    watching.fixture.run(...touching)
    t.notOk(watching.holds(), `${touching[0]} after ${before[0]}`)
  }
})

t.test('databases are apart', async (t) => {
  const watching = new Watching()
  watching.fixture.run('SET', 'k', '1')
  watching.watch('k')
  watching.fixture.database = 1
  watching.fixture.run('SET', 'k', '2')
  watching.fixture.run('FLUSHDB')
  t.ok(watching.holds())
  watching.fixture.run('SET', 'k', '2')
  watching.watch('k')
  watching.fixture.database = 0
  watching.fixture.run('FLUSHDB')
  t.ok(watching.holds(), 'another database is emptied')
  watching.fixture.database = 1
  watching.watch('k')
  watching.fixture.run('FLUSHALL')
  t.notOk(watching.holds(), 'all are emptied')
})

t.test('databases that change places', async (t) => {
  for (const there of ['k', 'other']) {
    for (const database of [0, 1]) {
      const watching = new Watching({ shards: 2 })
      watching.fixture.database = database
      watching.fixture.run('SET', there, '1')
      watching.fixture.database = 0
      watching.watch('k')
      watching.fixture.run('SWAPDB', '0', '2')
      watching.fixture.run('SWAPDB', '2', '0')
      watching.fixture.run('SWAPDB', '0', '1')
      t.equal(watching.holds(), there !== 'k', `${there} in database ${database}`)
    }
  }
  const watching = new Watching()
  watching.fixture.run('SET', 'k', '1')
  watching.watch('k')
  watching.fixture.run('SWAPDB', '1', '2')
  t.ok(watching.holds(), 'two others')
})

t.test('time', async (t) => {
  const watching = new Watching()
  const { fixture } = watching
  fixture.run('SET', 'k', '1', 'PX', '100')
  watching.watch('k')
  t.ok(watching.holds(), 'not yet')
  watching.watch('k')
  fixture.clock.advance(100)
  t.notOk(watching.holds(), 'over, although nobody has removed it')
  watching.watch('k')
  fixture.run('GET', 'k')
  t.ok(watching.holds(), 'was over before')
  fixture.run('SET', 'k', '1', 'PX', '100')
  watching.watch('k')
  fixture.clock.advance(100)
  fixture.run('GET', 'k')
  t.notOk(watching.holds(), 'over and removed')
})

t.test('many watch one key', async (t) => {
  const watching = new Watching()
  const first = new WatchList()
  watching.watch('k', 'k', 'k')
  t.equal(watching.registrations(), 3)
  first.addWords(watching.list.words, 0, 3)
  watching.list.clear()
  watching.fixture.run('SET', 'k', '1')
  watching.watch('k')
  const { sides, clock } = watching.fixture
  t.notOk(watchesHold(sides, first.words, 0, first.count, clock.wallMs()), 'those of before')
  t.ok(watching.holds(), 'not the one of after')
  first.release(sides)
  t.equal(watching.registrations(), 0)
})

t.test('a key that was there for one and not for another', async (t) => {
  const watching = new Watching()
  const { fixture } = watching
  fixture.run('SET', 'k', '1')
  watching.watch('k')
  const before = new WatchList()
  before.addWords(watching.list.words, 0, 1)
  watching.list.clear()
  fixture.run('DEL', 'k')
  watching.watch('k')
  fixture.run('SET', 'other', '1')
  fixture.run('FLUSHALL')
  t.ok(watching.holds(), 'nothing happened to a key that is not there')
  t.notOk(watchesHold(fixture.sides, before.words, 0, 1, fixture.clock.wallMs()))
  before.release(fixture.sides)
})

t.test('a full area refuses, and changes nothing', async (t) => {
  const watching = new Watching({ seed: SEED })
  const places = WATCH_BUCKETS_MIN * BUCKET_PLACES
  let count = 0
  for (let index = 0; ; index++) {
    const reply = watching.watch(`key:${index}`) as { error?: string }
    if (reply.error !== undefined) {
      t.match(reply.error, /^OOM/)
      break
    }
    count++
  }
  t.comment(`figure ${count} of ${places} places used`)
  t.ok(count > places * 0.75, 'most of it is used')
  t.equal(watching.registrations(), count, 'nothing is left of the refused one')
  const others = Array.from({ length: 300 }, (_, index) => `other:${index}`)
  t.match(watching.watch(...others), { error: /^OOM/ })
  t.equal(watching.registrations(), count, 'nor of one that was refused half-way')
  watching.fixture.run('SET', 'key:0', '1')
  t.notOk(watching.holds(), 'what was registered is touched')
  t.equal(watching.registrations(), 0)
  t.same(watching.watch(...others), OK, 'there is room again')
  t.ok(watching.holds())
})

t.test('random registrations against a model', async (t) => {
  const random = new SeededRandom(SEED)
  const watching = new Watching({ shards: 2, arenaBytes: 4_194_304 })
  const { fixture } = watching
  const clients = Array.from({ length: 20 }, () => ({
    list: new WatchList(),
    keys: new Set(),
    touched: false,
  }))
  let wrong = 0
  for (let step = 0; step < 20_000; step++) {
    const client = clients[random.below(clients.length)]
    const key = `key:${random.below(200)}`
    const dice = random.below(10)
    if (dice < 4) {
      fixture.run('WATCH', key)
      client.list.addWords(fixture.call.watching.words, 0, 1)
      client.keys.add(key)
    } else if (dice < 8) {
      fixture.run('SET', key, 'v')
      for (const other of clients) if (other.keys.has(key)) other.touched = true
    } else {
      const holds = watchesHold(fixture.sides, client.list.words, 0, client.list.count, 0)
      if (holds === client.touched) wrong++
      client.list.release(fixture.sides)
      client.keys.clear()
      client.touched = false
    }
  }
  t.equal(wrong, 0, `seed ${SEED}`)
  for (const { list } of clients) list.release(fixture.sides)
  t.equal(watching.registrations(), 0)
})

t.test('sizes, and a side without an area', async (t) => {
  t.equal(watchBuckets(1), WATCH_BUCKETS_MIN)
  t.equal(watchBuckets(2 ** 40), WATCH_BUCKETS_MAX)
  t.equal(watchBuckets(4_194_304), 512)
  const fixture = new ShardFixture()
  t.equal(fixture.sides[0].watches, NO_WATCH_AREA)
  t.ok(fixture.sides[0] instanceof ShardSide)
  t.match(fixture.runError('WATCH', 'k'), /^OOM/)
  t.equal(NO_WATCH_AREA.register(fixture.sides[0].record, false), NO_PLACE)
  t.notOk(NO_WATCH_AREA.isUsed())
})

t.test('a list keeps expiries of every size', async (t) => {
  const list = new WatchList()
  const fixture = new ShardFixture()
  fixture.sides[0].watches = makeArea()
  for (const expiryMs of [NO_EXPIRY, 0, 1, 2 ** 32 - 1, 2 ** 32, 1_700_000_000_000, 2 ** 53 - 1]) {
    list.clear()
    list.add(0, 32, 0, expiryMs)
    const holdsAt = (nowMs: number): boolean => watchesHold(fixture.sides, list.words, 0, 1, nowMs)
    t.equal(holdsAt(expiryMs - 1), true, String(expiryMs))
    t.equal(holdsAt(expiryMs), expiryMs === NO_EXPIRY, String(expiryMs))
  }
})
