// Mutated frames: what the wire room answers is what Redis answers, byte for byte.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import { respond } from '../wire/responder.ts'
import { harmlessCommand, mutatedStream, shownStream } from './mutator.ts'

const ORACLE_FRAMES = process.env.CKV_TEST_LONG === '1' ? 50_000 : 3_000
const seed = Number(process.env.CKV_TEST_SEED ?? 2)

t.test(`${ORACLE_FRAMES} frames as Redis answers them`, { skip: redisSkip() }, async (t) => {
  const oracle = await startRedis()
  t.teardown(() => oracle.stop())
  const random = new SeededRandom(seed)
  let compared = 0
  for (let frame = 0; frame < ORACLE_FRAMES; frame++) {
    const stream = mutatedStream(random, harmlessCommand)
    // 7.0 takes a count up to 2^31-1 and waits; we refuse above the limit of 3.2.
    if (/\*\d{7,}\r/.test(Buffer.from(stream).toString('latin1'))) continue
    const expected = (await oracle.exchange(stream)).toString('latin1')
    const responder = respond([stream])
    // A mutation made the name of a command that Redis has.
    if (responder.sawOther && !expected.includes('unknown command')) continue
    const found = responder.text()
    if (found !== expected)
      t.equal(found, expected, `frame ${frame} of seed ${seed}: ${shownStream(stream)}`)
    else compared++
  }
  t.comment(`fuzz-oracle-frames ${compared}`)
  t.ok(compared > ORACLE_FRAMES * 0.8, `${compared} compared`)
})
