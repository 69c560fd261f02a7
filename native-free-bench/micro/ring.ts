// Both ends of a ring on one thread: a request record of several commands is gathered, published
// and read, its replies are written, published and read. No sleeping, no waking: what is left is
// the copying and the cursors.

import { ringBlockBytes, ringsBase, WRAP_MARK } from '../../src/ring/layout.ts'
import { ChunkPool } from '../../src/ring/pool.ts'
import { ReplySheet, writeReplies } from '../../src/ring/replies.ts'
import { RequestWriter } from '../../src/ring/requests.ts'
import { advanceHead, giveBack, peek, publish, Ring, readable } from '../../src/ring/ring.ts'
import { CommandDecoder } from '../../src/wire/decoder.ts'
import { setFrame } from '../load/tape.ts'
import type { MicroBench } from './micro-bench.ts'

const RING_BYTES = 1_048_576
const BATCHES = 32
const POOL_BYTES = 1_048_576
const OK = Buffer.from('+OK\r\n', 'latin1')

/** A producer's and a consumer's view of one ring, as two threads would have them. */
function ringPair(): { producer: Ring; consumer: Ring } {
  const buffer = new SharedArrayBuffer(ringBlockBytes(1, 1, RING_BYTES))
  const cursors = new Int32Array(new SharedArrayBuffer(256))
  const make = (): Ring => new Ring(buffer, ringsBase(1), RING_BYTES, cursors, 0, cursors, 32)
  return { producer: make(), consumer: make() }
}

/** Reads every record there is; returns the bytes seen. */
function readAll(ring: Ring): number {
  let seen = 0
  while (readable(ring)) {
    const position = peek(ring)
    const length = ring.words[position >> 2]
    if (length === WRAP_MARK || length <= 0) throw new Error('not a record')
    seen += length
    advanceHead(ring, length)
  }
  giveBack(ring)
  return seen
}

function bench(name: string, commands: number): MicroBench {
  const requests = ringPair()
  const replies = ringPair()
  const writer = new RequestWriter(requests.producer)
  const pool = new ChunkPool(new SharedArrayBuffer(POOL_BYTES))
  const sheet = new ReplySheet()
  const bytes = Buffer.from(setFrame(7, 64), 'latin1')
  const text = Buffer.concat(Array.from({ length: commands }, () => OK))
  const decoder = new CommandDecoder()
  decoder.decode(bytes, 0, bytes.length)
  const { argStarts, argLengths, argCount } = decoder
  return {
    name,
    reference: 'compute',
    operations: BATCHES * commands,
    run: () => {
      let seen = 0
      for (let batch = 0; batch < BATCHES; batch++) {
        for (let i = 0; i < commands; i++) {
          if (!writer.add(3, 1, i, 0, 2, bytes, argStarts, argLengths, argCount)) {
            throw new Error(`${name}: the request ring is full`)
          }
        }
        writer.publish()
        seen += readAll(requests.consumer)
        sheet.start(3, 1)
        for (let i = 0; i < commands; i++) sheet.add(i, OK.length)
        writeReplies(replies.producer, pool, sheet, batch, text, 0, text.length)
        publish(replies.producer)
        seen += readAll(replies.consumer)
      }
      return seen
    },
  }
}

export function ringBenches(): MicroBench[] {
  return [bench('ring-batch-1', 1), bench('ring-batch-16', 16)]
}
