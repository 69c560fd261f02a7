// Whose turn it is: an acceptor that floods a shard does not keep another one waiting.

import t from 'tap'
import { findCommand } from '../../src/catalog/lookup.ts'
import { shardOfSlot, slotOfKey } from '../../src/dispatch/slots.ts'
import { markRequestsReady } from '../../src/ring/bell.ts'
import { REQUEST_SEVERAL_SHARDS } from '../../src/ring/layout.ts'
import { RequestWriter } from '../../src/ring/requests.ts'
import { advanceHead, attachRing, giveBack, peek, readable } from '../../src/ring/ring.ts'
import { Instance, SHARDS } from './instance.ts'

/** More than a turn of the worker takes: 1024 under one holding of the token, one a shard. */
const FLOOD = 1100 * SHARDS
const RECORD_COMMANDS = 100
const TURNS_MAX = 3

function keyOf(shard: number): string {
  for (let index = 0; ; index++) {
    const key = `k${index}`
    if (shardOfSlot(slotOfKey(Buffer.from(key), 0, key.length), SHARDS) === shard) return key
  }
}

function add(writer: RequestWriter, sequence: number, flags: number, words: string[]): boolean {
  const bytes = Buffer.from(words.join(''))
  const lengths = Int32Array.from(words, ({ length }) => length)
  const starts = new Int32Array(words.length)
  for (let at = 1; at < words.length; at++) starts[at] = starts[at - 1] + lengths[at - 1]
  const code = findCommand(bytes, 0, lengths[0])?.code ?? 0
  const attributes = (2 << 8) | (flags << 16)
  return writer.add(0, 1, sequence, attributes, code, bytes, starts, lengths, words.length)
}

const CASES = {
  'a command': { flags: 0, words: ['GET', keyOf(0)] },
  'a command over shards': {
    flags: REQUEST_SEVERAL_SHARDS,
    words: ['MGET', keyOf(0), keyOf(1)],
  },
}

for (const [name, { flags, words }] of Object.entries(CASES)) {
  for (const flooding of [0, 1]) {
    t.test(`${name} beside a flood of acceptor ${flooding}`, async (t) => {
      const instance = new Instance({ ringBytes: 1_048_576, poolChunks: 8, start: 0 })
      const flood = new RequestWriter(instance.requestRing(flooding, 0))
      const other = new RequestWriter(instance.requestRing(1 - flooding, 0))
      t.ok(add(other, 0, flags, words))
      other.publish()
      const answers = instance.replyRing(1 - flooding, 0)
      const key = keyOf(0)
      let turns = 0
      while (!readable(answers) && turns <= TURNS_MAX) {
        let added = true
        for (let index = 0; index < FLOOD; index++) {
          if (index % RECORD_COMMANDS === 0) flood.close()
          added = add(flood, index, 0, ['GET', key]) && added
        }
        t.ok(added, 'the flood goes on')
        flood.publish()
        takeAll(instance, flooding)
        markRequestsReady(instance.rows, 0)
        instance.workers[0].step()
        turns++
      }
      t.ok(turns <= TURNS_MAX, `answered after ${turns} turns`)
    })
  }
}

/** The flooding acceptor takes its replies, so there is always room. */
function takeAll(instance: Instance, acceptor: number): void {
  const ring = instance.replyRing(acceptor, 0)
  attachRing(ring)
  while (readable(ring)) advanceHead(ring, ring.words[peek(ring) >> 2])
  giveBack(ring)
}
