// Keys so long that even a record without a value is too large for the log slice: every effect
// works, tells the log the same, and changes nothing when the disk does not take its record.

import t, { type Test } from 'tap'
import { LOG_RETRY_MS, LOG_SLICE_BYTES_MIN } from '../../src/base/limits.ts'
import { expireSlice, expiryDue } from '../../src/keyspace/expiry.ts'
import { checkSound, type Line, OK, runLines } from '../command/script.ts'
import type { Reply } from '../support/resp.ts'
import { NOW_MS, ShardFixture, type Words } from '../support/shard-fixture.ts'

const SLICE_BYTES = 65_536
const LONG = 'L'.repeat(20_000)
const OTHER = 'M'.repeat(21_000)
const PAST = String(NOW_MS - 1)
const LATER = String(NOW_MS + 50_000)
const MISCONF = /^MISCONF Errors writing to the AOF file: /
const UNKNOWN = /outcome unknown/
/** More than expiry.ts lets pass after a walk. */
const REST_MS = 10_000

function makeFixture(shards = 1): ShardFixture {
  return new ShardFixture({ profile: 'redis', shards, sliceBytes: SLICE_BYTES })
}

/** The write with this number from now fails, and all after it as long as `stays`. */
function failWrite(fixture: ShardFixture, nth: number, stays: boolean): void {
  let left = nth
  fixture.files.fault = (operation) => {
    if (!operation.startsWith('write')) return ''
    left--
    return left === 0 || (left < 0 && stays) ? 'ENOSPC' : ''
  }
}

function heal(fixture: ShardFixture): void {
  fixture.files.fault = () => ''
  fixture.files.freeBytes = Number.POSITIVE_INFINITY
}

/** The error's text, '' if it is none. */
function errorOf(reply: Reply): string {
  return reply !== null && typeof reply === 'object' && 'error' in reply ? reply.error : ''
}

function nameOf(words: Words): string {
  return words.map((word) => String(word).slice(0, 12)).join(' ')
}

/** A slice of the sweep as housekeeping runs it. */
function sweep(fixture: ShardFixture): boolean {
  const [side] = fixture.sides
  const nowMs = fixture.clock.wallMs()
  side.log.attach(0, nowMs)
  const more = side.log.writable(nowMs) && expiryDue(side, nowMs) && expireSlice(side, nowMs)
  if (side.log.uncommitted()) side.log.commit(nowMs)
  return more
}

t.test('every command on a long key', async (t) => {
  const lines: Line[] = [
    [['SET', LONG, 'v'], OK],
    [['GET', LONG], 'v'],
    [['EXPIRE', LONG, '100'], 1],
    [['TTL', LONG], 100],
    [['EXPIRE', LONG, '200'], 1],
    [['PERSIST', LONG], 1],
    [['PERSIST', LONG], 0],
    [['PEXPIREAT', LONG, LATER], 1],
    [['APPEND', LONG, 'w'], 2],
    [['SETRANGE', LONG, '1', 'x'], 2],
    [['SETBIT', LONG, '7', '1'], 0],
    [['GETEX', LONG, 'PERSIST'], 'wx'],
    [['GETEX', LONG, 'EX', '10'], 'wx'],
    [['INCR', OTHER], 1],
    [['INCRBYFLOAT', OTHER, '0.5'], '1.5'],
    [['SET', OTHER, '2', 'KEEPTTL'], OK],
    [['RENAMENX', LONG, OTHER], 0],
    [['RENAME', LONG, OTHER], OK],
    [['TTL', OTHER], 10],
    [['RENAME', OTHER, 'short'], OK],
    [['RENAME', 'short', LONG], OK],
    [['PEXPIREAT', LONG, PAST], 1],
    [['GET', LONG], null],
    [['MSET', LONG, 'a', 'short', 'b', OTHER, 'c'], OK],
    [['MSETNX', LONG, 'a', 'new', 'b'], 0],
    [['GETSET', LONG, 'd'], 'a'],
    [['GETDEL', LONG], 'd'],
    [['SET', LONG, 'e'], OK],
    [['GETEX', LONG, 'PXAT', PAST], 'e'],
    [['EXISTS', LONG], 0],
    [['SET', LONG, 'f'], OK],
    [['BITOP', 'OR', LONG, 'nosuch'], 0],
    [['SET', LONG, 'g'], OK],
    [['DEL', LONG, 'short', LONG, OTHER], 3],
    [['SET', LONG, 'h', 'PX', '50'], OK],
    [['UNLINK', LONG], 1],
    [['SET', LONG, 'kept', 'EX', '50'], OK],
    [['EXPIRE', LONG, '60'], 1],
  ]
  const oneSlot = lines.map(([words, reply]): Line => [tagged(words as Words), reply])
  for (const shards of [1, 3]) {
    const fixture = makeFixture(shards)
    runLines(t, fixture, oneSlot, `${shards} shards`)
    t.same(fixture.contents(), [[`0 {k}${LONG}`, `kept @${NOW_MS + 60_000}`]])
  }
})

/** Every name in one slot, whatever the number of shards. */
function tagged(words: Words): Words {
  const names = [LONG, OTHER, 'short', 'new', 'nosuch']
  return words.map((word) => (names.includes(String(word)) ? `{k}${word}` : word))
}

t.test('a disk that is full at that moment', async (t) => {
  const commands: Words[] = [
    ['DEL', LONG],
    ['UNLINK', LONG],
    ['GETDEL', LONG],
    ['EXPIRE', LONG, '100'],
    ['EXPIRE', OTHER, '100'],
    ['PEXPIREAT', LONG, LATER],
    ['PEXPIREAT', LONG, PAST],
    ['PERSIST', OTHER],
    ['GETEX', LONG, 'EX', '10'],
    ['GETEX', LONG, 'PXAT', PAST],
    ['GETEX', OTHER, 'PERSIST'],
    ['RENAME', LONG, OTHER],
    ['RENAME', OTHER, LONG],
    ['RENAME', LONG, 'short'],
    ['RENAME', LONG, 'new'],
    ['RENAME', 'short', LONG],
    ['RENAMENX', LONG, 'new'],
    ['BITOP', 'AND', LONG, 'nosuch'],
    ['SET', LONG, 'w'],
    ['SET', LONG, 'w', 'EX', '9', 'GET'],
    ['APPEND', LONG, 'w'],
    ['INCR', OTHER],
  ]
  for (const command of commands) {
    for (const stays of [false, true]) {
      const fixture = makeFixture()
      for (const words of BEFORE) fixture.run(...words)
      const contents = fixture.contents()
      failWrite(fixture, 1, stays)
      const name = `${nameOf(command)}, ${stays ? 'stays' : 'once'}`
      t.match(fixture.runError(...command), MISCONF, name)
      t.same(fixture.contents(), contents, `${name}: nothing changed`)
      t.equal(fixture.run('GET', LONG), 'v', `${name}: reads go on`)
      heal(fixture)
      checkSound(t, fixture, name)
      t.equal(errorOf(fixture.run(...command)), '', `${name}: works when there is room`)
      checkSound(t, fixture, `${name}, healed`)
    }
  }
})

const BEFORE: Words[] = [
  ['SET', LONG, 'v'],
  ['SET', OTHER, '5', 'EX', '500'],
  ['SET', 'short', 'value'],
]

t.test('DEL of several keys says so when one stays', async (t) => {
  const fixture = makeFixture()
  for (const words of BEFORE) fixture.run(...words)
  const command = ['DEL', 'short', LONG, OTHER]
  // The first write closes the block of the first key, the second one is the long key's.
  failWrite(fixture, 2, false)
  t.match(fixture.runError(...command), MISCONF)
  heal(fixture)
  t.equal(fixture.run('EXISTS', 'short', LONG, OTHER), 2, 'what came before is gone')
  checkSound(t, fixture, 'one stays')
  t.equal(fixture.run(...command), 2, 'the next try removes the rest')
  checkSound(t, fixture, 'again')
})

t.test('RENAME at every write', async (t) => {
  const big = 'b'.repeat(30_000)
  const cases: [string, Words[], Words][] = [
    ['long to long', [['SET', LONG, 'v']], ['RENAME', LONG, OTHER]],
    ['over a long one', BEFORE, ['RENAME', LONG, OTHER]],
    ['over a short one', BEFORE, ['RENAME', LONG, 'short']],
    ['to a short one', BEFORE, ['RENAME', LONG, 'new']],
    ['a large value', [['SET', LONG, big, 'EX', '9']], ['RENAME', LONG, 'new']],
    ['a large value over one', [['MSET', LONG, big, 'k', `${big}c`]], ['RENAME', LONG, 'k']],
    ['a short key, a large value', [['SET', 'k', big]], ['RENAME', 'k', OTHER]],
  ]
  let partly = 0
  for (const shards of [1, 3]) {
    for (const [name, before, command] of cases) {
      for (const stays of [false, true]) {
        partly += renameAtEveryWrite(t as Test, before, command, shards, stays, name)
      }
    }
  }
  t.ok(partly > 0, 'taking back fails, too')
})

/** More than any RENAME takes. */
const WRITES_MAX = 16

/** Returns how often the outcome was unknown. */
function renameAtEveryWrite(
  t: Test,
  before: Words[],
  command: Words,
  shards: number,
  stays: boolean,
  name: string,
): number {
  let unknown = 0
  // A large record is four pieces of a write; only one that fails at its first piece is refused
  // when the disk fails just once.
  for (let nth = 1; nth <= WRITES_MAX; nth++) {
    const fixture = makeFixture(shards)
    for (const words of before) fixture.run(...words)
    const contents = fixture.contents()
    failWrite(fixture, nth, stays)
    const error = errorOf(fixture.run(...command))
    heal(fixture)
    const label = `${name}, ${shards} shards, write ${nth}, ${stays ? 'stays' : 'once'}`
    if (error === '') {
      t.not(JSON.stringify(fixture.contents()), JSON.stringify(contents), label)
      checkSound(t, fixture, label)
      continue
    }
    t.match(error, MISCONF, label)
    if (UNKNOWN.test(error)) unknown++
    else t.same(fixture.contents(), contents, `${label}: nothing changed`)
    // What waits of several shards together is housekeeping's to write.
    if (fixture.sides.some(({ log }) => log.groupPending())) continue
    fixture.clock.advance(LOG_RETRY_MS)
    for (let key = 0; key < 12; key++) fixture.run('SET', `heal:${key}`, 'v')
    checkSound(t, fixture, label)
  }
  return unknown
}

t.test('MSET takes back what it has begun under a long key', async (t) => {
  for (let nth = 1; nth <= WRITES_MAX; nth++) {
    const fixture = makeFixture()
    fixture.run('SET', OTHER, 'before')
    const contents = fixture.contents()
    failWrite(fixture, nth, false)
    const error = errorOf(fixture.run('MSET', LONG, 'a', OTHER, 'b', 'short', 'c'))
    heal(fixture)
    const label = `write ${nth}`
    if (error !== '' && !UNKNOWN.test(error)) t.same(fixture.contents(), contents, label)
    fixture.clock.advance(LOG_RETRY_MS)
    fixture.run('SET', 'heal', 'v')
    checkSound(t, fixture, label)
  }
})

t.test('lazy expiry hides what the disk does not let go', async (t) => {
  const fixture = makeFixture()
  fixture.run('SET', LONG, '41', 'PX', '50')
  const contents = fixture.contents()
  fixture.clock.advance(50)
  let tries = 0
  fixture.files.fault = (operation) => {
    if (!operation.startsWith('write')) return ''
    tries++
    return 'ENOSPC'
  }
  for (let round = 0; round < 10; round++) t.equal(fixture.run('GET', LONG), null, 'GET')
  t.equal(tries, 1, 'not every reader tries')
  t.equal(fixture.run('EXISTS', LONG), 0)
  t.equal(fixture.run('DEL', LONG), 0)
  t.equal(fixture.run('RANDOMKEY'), null)
  t.same(fixture.run('KEYS', '*'), [])
  t.match(fixture.runError('RENAME', LONG, 'new'), /no such key/)
  t.same(fixture.contents(), contents, 'it is kept')
  checkSound(t, fixture, 'hidden')
  heal(fixture)
  t.equal(fixture.run('GET', LONG), null, 'not yet tried again')
  t.same(fixture.contents(), contents)
  fixture.clock.advance(LOG_RETRY_MS)
  t.equal(fixture.run('GET', LONG), null)
  t.same(fixture.contents(), [])
  checkSound(t, fixture, 'gone')
})

t.test('nothing is built upon a hidden key', async (t) => {
  const refused: Words[] = [
    ['INCR', LONG],
    ['INCRBYFLOAT', LONG, '1'],
    ['SETRANGE', LONG, '1', 'x'],
    ['SETBIT', LONG, '1', '1'],
    ['SET', LONG, 'x', 'KEEPTTL'],
  ]
  const taken: [Words, Reply][] = [
    [['APPEND', LONG, 'xy'], 2],
    [['SETNX', LONG, 'xy'], 1],
    [['GETSET', LONG, 'xy'], null],
    [['MSETNX', LONG, 'xy', 'l', 'm'], 1],
    [['RENAMENX', 'other', LONG], 1],
  ]
  for (const command of [...refused, ...taken.map(([words]) => words)]) {
    const fixture = makeFixture()
    fixture.run('SET', 'other', 'xy')
    fixture.run('SET', LONG, '41', 'PX', '50')
    fixture.clock.advance(50)
    failWrite(fixture, 1, false)
    t.equal(fixture.run('GET', LONG), null)
    const name = nameOf(command)
    const reply = fixture.run(...command)
    const expected = taken.find(([words]) => words === command)?.[1]
    if (expected === undefined) {
      t.match(errorOf(reply), MISCONF, name)
      t.equal(fixture.run('GET', LONG), null, `${name}: it stays hidden`)
      fixture.clock.advance(LOG_RETRY_MS)
      t.equal(errorOf(fixture.run(...command)), '', `${name}: later it works`)
      t.equal(fixture.run('EXISTS', LONG), 1, name)
      t.equal(fixture.run('TTL', LONG), -1, name)
    } else {
      t.equal(reply, expected, name)
      t.equal(fixture.run('GET', LONG), 'xy', name)
      t.equal(fixture.run('TTL', LONG), -1, name)
    }
    checkSound(t, fixture, name)
  }
})

const KEYS = 5000

t.test('the sweep goes past what stays, rests, and comes back', async (t) => {
  const fixture = new ShardFixture({
    profile: 'redis',
    sliceBytes: SLICE_BYTES,
    arenaBytes: 2 ** 22,
  })
  const veryLong = 'V'.repeat(100_000)
  fixture.run('SET', veryLong, 'v', 'PX', '50')
  // Those that live keep the pages apart: emptied ones would join, and be seen at once.
  for (let key = 0; key < KEYS; key++) {
    fixture.run('SET', `lives:${key}`, 'v')
    fixture.run('SET', `key:${key}`, 'v', 'PX', '50')
  }
  fixture.clock.advance(60)
  let slices = 0
  for (let more = true; more && slices < 1000; slices++) {
    // Enough for the records of all others.
    fixture.files.freeBytes = 80_000
    more = sweep(fixture)
    fixture.clock.advance(1)
  }
  t.ok(slices < 1000, `it rests after ${slices} slices`)
  t.equal(fixture.run('DBSIZE'), KEYS + 1, 'all others are gone')
  t.notOk(expiryDue(fixture.sides[0], fixture.clock.wallMs()), 'nothing to do for now')
  t.ok(expiryDue(fixture.sides[0], NOW_MS + 55), 'a clock set back ends the rest')
  t.equal(fixture.run('GET', veryLong), null)
  checkSound(t, fixture, 'resting')
  heal(fixture)
  fixture.clock.advance(REST_MS)
  t.ok(expiryDue(fixture.sides[0], fixture.clock.wallMs()), 'later it tries again')
  while (sweep(fixture));
  t.equal(fixture.contents().length, KEYS)
  checkSound(t, fixture, 'swept')
})

t.test('the sweep of many long keys, also on a disk that is quite full', async (t) => {
  for (const full of [false, true]) {
    const fixture = new ShardFixture({ sliceBytes: SLICE_BYTES, arenaBytes: 2 ** 22 })
    const [side] = fixture.sides
    for (let key = 0; key < 40; key++) fixture.run('SET', `${key}${LONG}`, 'v', 'PX', '50')
    fixture.clock.advance(50)
    if (full) {
      fixture.files.freeBytes = 0
      for (let round = 0; round < 10; round++) sweep(fixture)
      t.equal(fixture.run('DBSIZE'), 40, 'nothing went')
      // What this leaves waiting makes the log refuse everything.
      t.match(fixture.runError('SET', 'k', 'v'), UNKNOWN)
      t.notOk(sweep(fixture), 'it does not spin')
      heal(fixture)
      fixture.clock.advance(REST_MS)
    }
    const before = side.log.appendedLsn()
    t.ok(sweep(fixture), 'not all in one slice')
    t.ok(side.log.appendedLsn() - before < 400_000, 'a slice writes so much')
    for (let slices = 0; sweep(fixture); slices++) t.ok(slices < 100)
    t.equal(side.expiredCount, 40)
    t.equal(fixture.run('DBSIZE'), full ? 1 : 0)
    checkSound(t, fixture, 'swept')
  }
})

t.test('records without a key are never large', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', sliceBytes: LOG_SLICE_BYTES_MIN })
  const [{ log }] = fixture.sides
  t.notOk(log.isLarge(0, 0))
  for (const flush of ['FLUSHDB', 'FLUSHALL']) {
    // The value of an effect before, and blocks that end anywhere in the slice.
    for (let length = 0; length < 2000; length += 40) {
      fixture.run('SET', 'k'.repeat(length), 'v'.repeat(5000))
      t.same(fixture.run(flush), OK)
    }
    t.same(fixture.contents(), [])
    fixture.releaseAll()
    checkSound(t, fixture, flush)
  }
})
