// Broken streams, byte for byte: against the table, in every cut, and against Redis itself.

import t from 'tap'
import { AUTHENTICATED_LIMITS, UNAUTHENTICATED_LIMITS } from '../../src/wire/decoder.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import { BROKEN_STREAMS, type BrokenStream } from './protocol-errors.ts'
import { inPieces, respond } from './responder.ts'

const skip = redisSkip()
/** Longer streams are cut only near their ends. */
const CUTS_MAX = 400

function limitsOf(stream: BrokenStream): typeof AUTHENTICATED_LIMITS {
  return stream.unauthenticated === true ? UNAUTHENTICATED_LIMITS : AUTHENTICATED_LIMITS
}

function nameOf(stream: BrokenStream): string {
  return JSON.stringify(stream.sent.slice(0, 50))
}

t.test('whole', async (t) => {
  for (const stream of BROKEN_STREAMS) {
    const responder = respond([Buffer.from(stream.sent, 'latin1')], limitsOf(stream))
    t.equal(responder.text(), stream.replies, nameOf(stream))
    t.ok(responder.closed, nameOf(stream))
  }
})

t.test('in two pieces, everywhere', async (t) => {
  let cuts = 0
  for (const stream of BROKEN_STREAMS) {
    const bytes = Buffer.from(stream.sent, 'latin1')
    const step = Math.max(1, Math.floor(bytes.length / CUTS_MAX))
    for (let cut = 0; cut <= bytes.length; cut += step) {
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)]
      const found = respond(pieces, limitsOf(stream)).text()
      if (found !== stream.replies) t.equal(found, stream.replies, `${nameOf(stream)} at ${cut}`)
      cuts++
    }
  }
  t.ok(cuts > 4000, `${cuts} cuts`)
})

t.test('in single bytes', async (t) => {
  for (const stream of BROKEN_STREAMS) {
    const bytes = Buffer.from(stream.sent, 'latin1')
    t.equal(respond(inPieces(bytes, 1), limitsOf(stream)).text(), stream.replies, nameOf(stream))
  }
})

t.test('a line of exactly the limit is read', async (t) => {
  const words = `ECHO ${'x'.repeat(65_536 - 5)}`
  t.equal(words.length, 65_536)
  const inline = respond([Buffer.from(`${words}\nPING\r\n`)])
  t.equal(inline.commands.length, 2)
  const longer = respond([Buffer.from(`${words}y\nPING\r\n`)])
  t.match(longer.text(), /too big inline request/)
})

t.test('Redis says the same', { skip }, async (t) => {
  const open = await startRedis()
  const locked = await startRedis('--requirepass', 'secret')
  t.teardown(() => {
    open.stop()
    locked.stop()
  })
  for (const stream of BROKEN_STREAMS) {
    if (stream.ours !== undefined) continue
    const oracle = stream.unauthenticated === true ? locked : open
    const found = (await oracle.exchange(Buffer.from(stream.sent, 'latin1'))).toString('latin1')
    t.equal(found, stream.replies, nameOf(stream))
  }
})
