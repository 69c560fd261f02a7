// A full shard right after a flush: what was flushed waits to be freed in slices, and a write that
// needs it frees some of it instead of answering -OOM.

import t from 'tap'
import { releasePending } from '../../src/memory/release.ts'
import { checkSound, OK } from '../command/script.ts'
import { NOW_MS, ShardFixture } from '../support/shard-fixture.ts'

/** The least that keeps something back for EXPIRE and for recovery. */
const ARENA_BYTES = 4_194_304
const SMALL_ARENA_BYTES = 1_048_576
const VALUE = 'v'.repeat(400)
const OTHER_VALUE = 'w'.repeat(400)
/** Entries that one write may free: 24 pages, each with at most 62. */
const FREED_MAX = 24 * 62

/** Stores keys until the shard is full, for any page of its dictionary. Returns how many. */
function fill(fixture: ShardFixture, prefix: string, value: string): number {
  let refused = 0
  let stored = 0
  for (let key = 0; refused < REFUSALS; key++) {
    const reply = fixture.run('SET', `${prefix}${key}`, value)
    if (JSON.stringify(reply) === JSON.stringify(OK)) stored++
    else refused++
  }
  return stored
}

const REFUSALS = 50

for (const flush of ['FLUSHALL', 'FLUSHDB']) {
  t.test(`writes right after ${flush}`, async (t) => {
    const fixture = new ShardFixture({ profile: 'redis', arenaBytes: ARENA_BYTES })
    const [{ arena }] = fixture.sides
    const stored = fill(fixture, 'old:', VALUE)
    t.same(fixture.run(flush), OK)
    t.equal(releasePending(arena), stored, 'nothing is freed yet')
    let most = 0
    let refused = 0
    for (let key = 0; key < stored * 0.9; key++) {
      const before = releasePending(arena)
      const reply = fixture.run('SET', `new:${key}`, OTHER_VALUE)
      if (JSON.stringify(reply) !== JSON.stringify(OK)) refused++
      most = Math.max(most, before - releasePending(arena))
    }
    t.equal(refused, 0, 'as long as there is something to free, no write is refused')
    t.ok(most > 0 && most <= FREED_MAX, `${most} entries freed by one write`)
    checkSound(t, fixture, 'as full as before')
  })
}

t.test('commands that need a new entry, a page, a database', async (t) => {
  const commands = [
    ['APPEND', 'k', 'v'.repeat(1000)],
    ['SETRANGE', 'k', '700', 'x'],
    ['INCR', 'k'],
    ['MSET', 'k', VALUE, 'l', VALUE, 'm', 'v'],
    ['MSETNX', 'k', VALUE, 'l', VALUE],
    ['GETSET', 'k', 'v'],
    ['SETBIT', 'k', '900', '1'],
  ]
  for (const command of commands) {
    const fixture = new ShardFixture({ profile: 'redis', arenaBytes: SMALL_ARENA_BYTES })
    fill(fixture, 'old:', VALUE)
    fixture.run('FLUSHDB')
    const reply = fixture.run(...command)
    t.notMatch(JSON.stringify(reply), /error/, command[0])
    checkSound(t, fixture, command[0])
  }
})

t.test('EXPIRE moves its entry into what a flush left', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: ARENA_BYTES })
  fixture.database = 1
  fixture.run('SET', 'k', 'v'.repeat(3000))
  fixture.database = 0
  fill(fixture, 'old:', 'v'.repeat(3000))
  fill(fixture, 'small:', 'v')
  fixture.run('FLUSHDB')
  fixture.database = 1
  t.equal(fixture.run('EXPIRE', 'k', '100'), 1)
  t.equal(fixture.run('TTL', 'k'), 100)
  checkSound(t, fixture, 'EXPIRE')
})

t.test('what one write may free does not make room for a large value', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: ARENA_BYTES })
  const stored = fill(fixture, 'old:', VALUE)
  t.ok(stored > 4 * FREED_MAX, `${stored} keys`)
  fixture.run('FLUSHALL')
  const [{ arena }] = fixture.sides
  let tries = 0
  let before = releasePending(arena)
  while (JSON.stringify(fixture.run('SET', 'k', 'x'.repeat(1_000_000))) !== JSON.stringify(OK)) {
    const freed = before - releasePending(arena)
    if (freed === 0 || freed > FREED_MAX) t.fail(`${freed} freed`)
    before = releasePending(arena)
    tries++
  }
  t.ok(tries > 0 && tries < 50, `refused ${tries} times, each time nearer`)
  checkSound(t, fixture, 'large value')
})

t.test('a log with a flush is read into memory that holds its keys only once', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: ARENA_BYTES })
  for (let round = 0; round < 3; round++) {
    const stored = fill(fixture, `round-${round}:`, 'v'.repeat(300 + 100 * round))
    t.ok(stored > 1000)
    if (round < 2) fixture.run('FLUSHALL')
    // Housekeeping between the rounds; whoever reads the log has none.
    fixture.releaseAll()
  }
  checkSound(t, fixture, 'three fillings')
})

t.test('keys of long values expire and get other names on a full shard', async (t) => {
  const long = Buffer.alloc(3_500_000, 'long')
  for (const words of [
    ['EXPIRE', 'l:1', '1000'],
    ['PEXPIREAT', 'l:1', String(NOW_MS + 5000)],
    ['GETEX', 'l:1', 'EX', '1000'],
    ['RENAME', 's:1', 's:new'],
  ]) {
    const fixture = new ShardFixture({ profile: 'redis', arenaBytes: 16_777_216 })
    let stored = 0
    while (JSON.stringify(fixture.run('SET', `l:${stored}`, long)) === JSON.stringify(OK)) stored++
    t.ok(stored > 2, `${stored} long values`)
    while (JSON.stringify(fixture.run('SET', `s:${stored}`, VALUE)) === JSON.stringify(OK)) stored++
    fixture.run('DEL', 'l:0')
    fixture.run('SET', 's:1', VALUE)
    while (JSON.stringify(fixture.run('SET', `t:${stored}`, VALUE)) === JSON.stringify(OK)) stored++
    t.notMatch(JSON.stringify(fixture.run(...words)), /error/, words[0])
    const key = words[0] === 'RENAME' ? 's:new' : 'l:1'
    const wanted = words[0] === 'RENAME' ? VALUE : long.toString()
    t.ok(fixture.run('GET', key) === wanted, 'the value is the same')
    t.equal(Number(fixture.run('TTL', key)) > 0, words[0] !== 'RENAME')
    checkSound(t, fixture, words[0])
    t.same(fixture.run('PERSIST', key), words[0] === 'RENAME' ? 0 : 1)
    t.equal(fixture.run('DEL', key), 1)
    checkSound(t, fixture, 'and gone')
  }
})
