// Number texts against a real Redis: what it accepts, what it makes of them, bit for bit.

import t from 'tap'
import { doubleText, parseDouble, parseInt64 } from '../../src/base/numbers.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'
import { floatText, incrementByFloat, integerText } from './number-texts.ts'

const skip = redisSkip()
const ROUNDS = process.env.CKV_TEST_LONG === '1' ? 200 : 10
const CASES_A_ROUND = 2000
const seed = Number(process.env.CKV_TEST_SEED ?? 20_260)

/** A reply as one text: a value, or an error with its '-'. */
function replyText(reply: Reply): string {
  if (typeof reply === 'object' && reply !== null && 'error' in reply) return `-${reply.error}`
  return String(reply)
}

t.test('INCRBYFLOAT', { skip }, async (t) => {
  const oracle = await startRedis()
  t.teardown(() => oracle.stop())
  const random = new SeededRandom(seed)
  let accepted = 0
  for (let round = 0; round < ROUNDS; round++) {
    const cases = Array.from({ length: CASES_A_ROUND }, () => [
      floatText(random),
      floatText(random),
    ])
    const replies = await oracle.pipeline(
      cases.flatMap(([value, increment]) => [
        ['SET', 'key', value],
        ['INCRBYFLOAT', 'key', increment],
      ]),
    )
    for (const [index, [value, increment]] of cases.entries()) {
      const expected = replyText(replies[index * 2 + 1])
      const found = incrementByFloat(value, increment)
      if (found !== expected) t.equal(found, expected, `${value} + ${increment}, seed ${seed}`)
      if (!expected.startsWith('-ERR')) accepted++
    }
  }
  t.ok(accepted > (ROUNDS * CASES_A_ROUND) / 3, `${accepted} accepted`)
  t.comment(`incrbyfloat-cases ${ROUNDS * CASES_A_ROUND} accepted ${accepted}`)
})

t.test('scores: strtod in, %.17g out', { skip }, async (t) => {
  // Not as a packed list, which would keep -0 as the integer 0.
  const oracle = await startRedis('--zset-max-listpack-entries', '0')
  t.teardown(() => oracle.stop())
  const random = new SeededRandom(seed + 1)
  for (let round = 0; round < ROUNDS; round++) {
    const cases = Array.from({ length: CASES_A_ROUND }, () => floatText(random))
    const replies = await oracle.pipeline(
      cases.flatMap((text) => [
        ['DEL', 'key'],
        ['ZADD', 'key', text, 'member'],
        ['ZSCORE', 'key', 'member'],
      ]),
    )
    for (const [index, text] of cases.entries()) {
      const added = replies[index * 3 + 1]
      const expected = replyText(added === 1 ? replies[index * 3 + 2] : added)
      const bytes = Buffer.from(text, 'latin1')
      const value = parseDouble(bytes, 0, bytes.length)
      const found = value === undefined ? '-ERR value is not a valid float' : doubleText(value)
      if (found !== expected) t.equal(found, expected, `${JSON.stringify(text)}, seed ${seed}`)
    }
  }
  t.pass('compared')
})

t.test('integers: string2ll', { skip }, async (t) => {
  const oracle = await startRedis()
  t.teardown(() => oracle.stop())
  const random = new SeededRandom(seed + 2)
  for (let round = 0; round < ROUNDS; round++) {
    const cases = Array.from({ length: CASES_A_ROUND }, () => integerText(random))
    // GET shows the value as text: as a reply of INCRBY it would have become a JavaScript number.
    const replies = await oracle.pipeline(
      cases.flatMap((text) => [
        ['SET', 'key', text],
        ['INCRBY', 'key', '0'],
        ['GET', 'key'],
      ]),
    )
    for (const [index, text] of cases.entries()) {
      const bytes = Buffer.from(text, 'latin1')
      const value = parseInt64(bytes, 0, bytes.length)
      const refused = replyText(replies[index * 3 + 1]).startsWith('-ERR')
      if (refused !== (value === undefined)) t.fail(`${JSON.stringify(text)}, seed ${seed}`)
      if (value !== undefined && replies[index * 3 + 2] !== String(value)) t.fail(text)
    }
  }
  t.pass('compared')
})
