// PFADD, PFCOUNT and PFMERGE against a real Redis 7.0: the same replies and the same stored bytes,
// through every encoding, and for strings that only look like HyperLogLogs. [promises P15]

import t, { type Test } from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import {
  ENCODING_BYTE,
  ENCODING_SPARSE,
  HEADER_BYTES,
} from '../../src/command/hyperloglog-layout.ts'
import { runBytes } from '../../src/command/hyperloglog-registers.ts'
import { show } from '../compat/compare.ts'
import type { Words } from '../compat/generator.ts'
import { type RedisServer, redisSkip, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'
import { ShardFixture } from '../support/shard-fixture.ts'

const LONG = process.env.CKV_TEST_LONG === '1'
const SEED = 20_261
const MISMATCHES_SHOWN = 5
const DAMAGED_ROUNDS = LONG ? 100_000 : 3000
const HEADER = 'HYLL'
t.setTimeout(600_000)

/** Answers of INVALIDOBJ, and stored strings that were seen dense and sparse. */
const seen = { damaged: 0, dense: 0, sparse: 0 }

/** Runs the commands on both and tells what differs. */
async function differences(
  fixture: ShardFixture,
  oracle: RedisServer,
  commands: readonly Words[],
): Promise<string[]> {
  const theirs = await oracle.pipeline(commands)
  const found: string[] = []
  commands.forEach((words, index) => {
    const ours = fixture.run(...words)
    countSeen(ours)
    const [left, right] = [JSON.stringify(ours), JSON.stringify(theirs[index])]
    if (left === right) return
    const command = show(words).slice(0, 120)
    found.push(`${command}: ${left.slice(0, 300)} but Redis ${right.slice(0, 300)}`)
  })
  return found
}

function countSeen(reply: Reply): void {
  if (JSON.stringify(reply).includes('INVALIDOBJ')) seen.damaged++
  if (typeof reply !== 'string' || !reply.startsWith(HEADER)) return
  if (reply.charCodeAt(4) === 0) seen.dense++
  else seen.sparse++
}

function checkEnd(t: Test, fixture: ShardFixture): void {
  t.same(fixture.findings(), [])
  t.same(fixture.recovered(), fixture.contents(), 'the log tells the same')
}

t.test('elements in growing numbers, one key and unions', { skip: redisSkip() }, async (t) => {
  const oracle = await startRedis()
  t.teardown(() => oracle.stop())
  const fixture = new ShardFixture({ profile: 'redis', shards: 2 })
  const random = new SeededRandom(SEED)
  const mismatches: string[] = []
  for (const [round, keep] of [40, 400, 3000, 50_000].entries()) {
    await oracle.pipeline([['FLUSHALL']])
    fixture.run('FLUSHALL')
    for (let added = 0; added < keep; ) {
      const batch: Words[] = []
      for (let step = 0; step < 60; step++) {
        const key = `k${random.below(4)}`
        const count = random.below(4) === 0 ? random.below(1 + (keep >> 5)) : random.below(3)
        const elements = Array.from({ length: count }, () => element(random, keep))
        batch.push(['PFADD', key, ...elements])
        added += count
        if (step % 7 === 0) batch.push(['GET', key])
        if (step % 30 === 0) batch.push(['PFMERGE', `m${random.below(2)}`, key, 'k0', 'none'])
      }
      // Two keys, so that Redis does not store what it counted.
      batch.push(['PFCOUNT', 'k0', 'k0'], ['PFCOUNT', 'k1', 'k2', 'm0', 'none'])
      batch.push(['PFCOUNT', 'm1', 'm1'], ['GET', 'm0'], ['GET', 'm1'], ['GET', 'k0'])
      mismatches.push(...(await differences(fixture, oracle, batch)))
    }
    t.same(mismatches.slice(0, MISMATCHES_SHOWN), [], `round ${round}, seed ${SEED}`)
    const single = ['k0', 'k1', 'k2', 'k3', 'm0', 'm1'].map((key) => ['PFCOUNT', key])
    t.same(await differences(fixture, oracle, [...single, ...single]), [], 'one key')
  }
  t.ok(seen.dense > 50 && seen.sparse > 50, `${seen.dense} dense, ${seen.sparse} sparse`)
  checkEnd(t, fixture)
})

function element(random: SeededRandom, keep: number): string | Uint8Array {
  if (random.below(3) > 0) return `element ${random.below(keep)}`
  return Uint8Array.from({ length: random.below(40) }, () => random.below(256))
}

// ── Strings that came with SET ───────────────────────────────────────────────────────────────

function sparse(runs: readonly number[]): Uint8Array {
  return Uint8Array.from([...Buffer.from(HEADER), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, ...runs])
}

function dense(random: SeededRandom, fill: number): Uint8Array {
  const bytes = new Uint8Array(12_304)
  bytes.set(Buffer.from(HEADER))
  bytes[15] = 0x80
  for (let at = 16; at < bytes.length; at++) bytes[at] = fill < 0 ? random.below(256) : fill
  return bytes
}

/**
 * The last run lacks its second byte. Redis then reads the zero behind its string, after a change
 * whatever it wrote there, so the replies that follow are nobody's standard.
 */
function endsInsideRun(bytes: Uint8Array): boolean {
  let at = HEADER_BYTES
  while (at < bytes.length) at += runBytes(bytes[at])
  return bytes[ENCODING_BYTE] === ENCODING_SPARSE && at > bytes.length
}

/** Runs that cover all registers, or nearly, or far too many. */
function someRuns(random: SeededRandom): number[] {
  const runs: number[] = []
  let covered = 0
  const goal = random.below(3) === 0 ? random.below(40_000) : 16_384
  while (covered < goal) {
    const kind = random.below(8)
    const left = goal - covered
    if (kind === 0 || left > 4000) {
      const run = Math.min(left, 1 + random.below(12_000))
      runs.push(0x40 | ((run - 1) >> 8), (run - 1) & 0xff)
      covered += run
    } else if (kind < 3) {
      const run = Math.min(left, 1 + random.below(64))
      runs.push(run - 1)
      covered += run
    } else {
      const run = Math.min(left, 1 + random.below(4))
      runs.push(0x80 | (random.below(4) << 2) | (run - 1))
      covered += run
    }
  }
  return runs
}

function someString(random: SeededRandom): Uint8Array {
  const bytes = random.below(6) === 0 ? dense(random, -1) : sparse(someRuns(random))
  switch (random.below(5)) {
    case 0:
      bytes[random.below(bytes.length)] = random.below(256)
      break
    case 1:
      return bytes.subarray(0, random.below(bytes.length + 1))
    case 2:
      return Buffer.concat([bytes, Uint8Array.from([random.below(256), random.below(256)])])
    default:
  }
  return bytes
}

t.test('strings that look like HyperLogLogs', { skip: redisSkip() }, async (t) => {
  const oracle = await startRedis()
  t.teardown(() => oracle.stop())
  const fixture = new ShardFixture({ profile: 'redis', sliceBytes: 4096, arenaBytes: 4_194_304 })
  const random = new SeededRandom(SEED)
  const mismatches: string[] = []
  seen.damaged = 0
  for (let round = 0; round < DAMAGED_ROUNDS; round++) {
    const value = someString(random)
    if (endsInsideRun(value)) continue
    const elements = Array.from({ length: 1 + random.below(3) }, () => `${random.below(1000)}`)
    const commands: Words[] = [
      ['SET', 'k', value],
      ['PFADD', 'k'],
      ['PFCOUNT', 'k', 'none'],
      ['PFADD', 'k', elements[0]],
      ['GET', 'k'],
      ['SET', 'j', value],
      ['PFADD', 'j', ...elements],
      ['PFADD', 'j', ...elements],
      ['PFCOUNT', 'j', 'j'],
      ['PFMERGE', 'm', 'j'],
      ['PFMERGE', 'j', 'm', 'k'],
      ['GET', 'm'],
      ['PFCOUNT', 'k'],
      ['DEL', 'm'],
    ]
    const found = await differences(fixture, oracle, commands)
    if (found.length > 0)
      mismatches.push(Buffer.from(value).toString('hex').slice(0, 200), ...found)
    if (mismatches.length > 20) break
  }
  t.same(mismatches.slice(0, 2 * MISMATCHES_SHOWN), [], `seed ${SEED}`)
  t.ok(seen.damaged > DAMAGED_ROUNDS / 2, `${seen.damaged} damaged`)
  checkEnd(t, fixture)
})
