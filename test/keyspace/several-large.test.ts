// MSET of several values that are too large for the log's slice, on a disk that is full after any
// of them. Nothing of it counts then: memory and files are as before, and the shards go on.

import t, { type Test } from 'tap'
import { LOG_RETRY_MS } from '../../src/base/limits.ts'
import { checkSound, OK } from '../command/script.ts'
import { ShardFixture, type Words } from '../support/shard-fixture.ts'

const SLICE_BYTES = 65_536
const ARENA_BYTES = 4_194_304
/** Of a large value; a record and its share of a block need a few bytes more. */
const LARGE_BYTES = 40_000
const RECORD_BYTES = LARGE_BYTES + 200
const FULL = { error: 'MISCONF Errors writing to the AOF file: No space left on device' }

const OLD_LARGE = 'o'.repeat(LARGE_BYTES + 20_000)
const SAME_LENGTH = 's'.repeat(LARGE_BYTES)

/** What the keys a, b, c, d hold before. */
const BEFORE: readonly (readonly [name: string, commands: readonly Words[]])[] = [
  ['missing', []],
  ['small', [['MSET', 'a', '1', 'b', '2', 'c', '3', 'd', '4']]],
  ['large', [['MSET', 'a', OLD_LARGE, 'b', OLD_LARGE, 'c', OLD_LARGE, 'd', OLD_LARGE]]],
  ['large, in their place', [['MSET', 'a', SAME_LENGTH, 'c', SAME_LENGTH, 'd', SAME_LENGTH]]],
  [
    'with an expiry',
    [
      ['SET', 'a', '1', 'EX', '1000'],
      ['SET', 'b', OLD_LARGE, 'EX', '2000'],
      ['SET', 'c', SAME_LENGTH, 'EX', '3000'],
    ],
  ],
  [
    'each another',
    [
      ['SET', 'a', OLD_LARGE],
      ['SET', 'b', OLD_LARGE, 'EX', '2000'],
      ['SET', 'c', 'small'],
    ],
  ],
]

/** Small values stand between them, and d is set twice. */
const LARGE_COUNT = 5
const MSET: Words = [
  'MSET',
  ...['a', large('A'), 'e', 'small', 'b', large('B'), 'c', large('C')],
  ...['d', large('D'), 'd', 'x', 'f', 'y', 'd', large('E')],
]

function large(letter: string): string {
  return letter.repeat(LARGE_BYTES)
}

function makeFixture(shards: number, before: readonly Words[]): ShardFixture {
  const fixture = new ShardFixture({
    profile: 'redis',
    shards,
    sliceBytes: SLICE_BYTES,
    arenaBytes: ARENA_BYTES,
  })
  fixture.run('SET', 'first', 'x')
  for (const words of before) fixture.run(...words)
  return fixture
}

/** Runs each case on one shard and on two. */
function forEachCase(run: (shards: number, before: readonly Words[], label: string) => void): void {
  for (const shards of [1, 2]) {
    for (const [name, before] of BEFORE) run(shards, before, `${shards} shards, before: ${name}`)
  }
}

/** The disk has healed: the same command is done, and the log says so. */
function checkHealed(test: Test, fixture: ShardFixture, label: string): void {
  fixture.clock.advance(LOG_RETRY_MS)
  test.same(fixture.run('SET', 'again', 'x'), OK, `${label}: the first shard goes on`)
  checkSound(test, fixture, `${label}, healed`)
  test.same(fixture.run(...MSET), OK, `${label}: done after all`)
  test.equal(fixture.run('GET', 'd'), large('E'))
  test.equal(fixture.run('TTL', 'b'), -1)
  test.same(fixture.run('SET', 'last', 'x'), OK)
  checkSound(test, fixture, `${label}, done`)
}

t.test('the disk is full after any of the large records', async (t) => {
  forEachCase((shards, before, label) => {
    for (let fits = 0; fits < LARGE_COUNT; fits++) {
      const fixture = makeFixture(shards, before)
      const contents = fixture.contents()
      const free = fits * RECORD_BYTES + 1000
      fixture.files.freeBytes = free
      const name = `${label}, ${fits} fit`
      t.same(fixture.run(...MSET), FULL, `${name}: answered not written`)
      t.equal(fixture.files.freeBytes, free, `${name}: what was written is given back`)
      t.same(fixture.contents(), contents, `${name}: memory is unchanged`)
      checkSound(t, fixture, name)
      // There is room for it again.
      t.same(fixture.run('SET', 'small', 'x'), OK, `${name}: small writes go on`)
      checkSound(t, fixture, `${name}, small write`)
      fixture.files.freeBytes = Number.POSITIVE_INFINITY
      checkHealed(t, fixture, name)
    }
  })
})

t.test('any write fails, and all after it, and perhaps the files cannot be cut', async (t) => {
  forEachCase((shards, before, label) => {
    for (const failing of ['write', 'write|ftruncate']) {
      for (let nth = 1; ; nth++) {
        const fixture = makeFixture(shards, before)
        const contents = fixture.contents()
        const name = `${label}, ${failing} fails from write ${nth} on`
        let writes = 0
        fixture.files.fault = (operation) => {
          if (operation === 'write') writes++
          return writes >= nth && failing.includes(operation) ? 'ENOSPC' : ''
        }
        const reply = fixture.run(...MSET)
        fixture.files.fault = () => ''
        // From here on it is the commit that fails.
        if (JSON.stringify(reply) !== JSON.stringify(FULL)) {
          t.ok(nth > 4 * LARGE_COUNT, `${name}: each record was tried`)
          break
        }
        t.same(fixture.contents(), contents, `${name}: memory is unchanged`)
        checkSound(t, fixture, name)
        checkHealed(t, fixture, name)
      }
    }
  })
})

t.test('files that cannot be cut take no other write', async (t) => {
  forEachCase((shards, before, label) => {
    const fixture = makeFixture(shards, before)
    const contents = fixture.contents()
    let refused = false
    fixture.files.freeBytes = (LARGE_COUNT - 1) * RECORD_BYTES
    fixture.files.fault = (operation) => (operation === 'ftruncate' ? 'EIO' : '')
    t.same(fixture.run(...MSET), FULL, label)
    fixture.files.freeBytes = Number.POSITIVE_INFINITY
    // Keys of both shards.
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
      if (JSON.stringify(fixture.run('SET', key, 'v')) !== JSON.stringify(FULL)) continue
      refused = true
    }
    t.ok(refused, `${label}: refused`)
    t.same(fixture.run(...MSET), FULL, `${label}: refused`)
    if (shards === 1) t.same(fixture.contents(), contents, `${label}: memory is unchanged`)
    checkSound(t, fixture, label)
    fixture.files.fault = () => ''
    checkHealed(t, fixture, label)
  })
})
