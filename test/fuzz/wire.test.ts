// Mutated frames through the wire room: no throw, the same answer for any split, bounded memory.
// wire-oracle.test.ts compares the answers with Redis's.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { AUTHENTICATED_LIMITS, UNAUTHENTICATED_LIMITS } from '../../src/wire/decoder.ts'
import { Responder } from '../wire/responder.ts'
import { harmlessCommand, mutatedStream, shownStream } from './mutator.ts'

const LONG = process.env.CI === 'true' || process.env.CKV_TEST_LONG !== undefined
const FRAMES = LONG ? 1_000_000 : 100_000
const seed = Number(process.env.CKV_TEST_SEED ?? 1)
/** A connection may hold what it was sent, doubled by growing, and its offsets. */
const HELD_BYTES_MAX = 3 * 1024
const ARRIVED_PARTS = 16
const RESIDENT_GROWTH_BYTES_MAX = 48 * 1024 * 1024

function cutAtRandom(random: SeededRandom, stream: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let at = 0
  while (at < stream.length) {
    const to = Math.min(stream.length, at + 1 + random.below(random.below(3) === 0 ? 4 : 60))
    pieces.push(stream.subarray(at, to))
    at = to
  }
  return pieces
}

t.test(`${FRAMES} frames`, { timeout: 300_000 }, async (t) => {
  const random = new SeededRandom(seed)
  let before = 0
  const whole = new Responder()
  const split = new Responder()
  let closed = 0
  let commands = 0
  for (let frame = 0; frame < FRAMES; frame++) {
    // V8's own heap has its size by then: its nursery alone takes up to 48 MB.
    if (frame === FRAMES / 10) before = process.memoryUsage().rss
    const stream = mutatedStream(random, harmlessCommand)
    const limits = frame % 4 === 0 ? UNAUTHENTICATED_LIMITS : AUTHENTICATED_LIMITS
    whole.clear(limits)
    split.clear(limits)
    whole.receive(stream)
    for (const piece of cutAtRandom(random, stream)) if (!split.closed) split.receive(piece)
    commands += whole.commands.length
    if (whole.closed) closed++
    if (whole.text() !== split.text() || whole.closed !== split.closed) {
      t.equal(split.text(), whole.text(), `frame ${frame} of seed ${seed}: ${shownStream(stream)}`)
    }
    // A bulk gets all its room when a sixteenth of it is there (wire/query-buffer.ts).
    const heldMax = HELD_BYTES_MAX + ARRIVED_PARTS * stream.length
    if (split.capacityBytesMax > heldMax) {
      t.fail(
        `frame ${frame} of seed ${seed} held ${split.capacityBytesMax}: ${shownStream(stream)}`,
      )
    }
  }
  const grown = process.memoryUsage().rss - before
  t.comment(`fuzz-frames ${FRAMES} closed ${closed} commands ${commands} resident-growth ${grown}`)
  t.ok(closed > FRAMES / 10, `${closed} were broken`)
  t.ok(commands > FRAMES / 2, `${commands} commands came through`)
  t.ok(grown < RESIDENT_GROWTH_BYTES_MAX, `${grown} bytes more resident`)
})
