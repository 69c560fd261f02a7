// Packed lists byte for byte against a redis-server: it gets the same changes, and DUMP shows its
// bytes.

import fc from 'fast-check'
import t from 'tap'
import {
  PACKED_EMPTY_BYTES,
  packedByteLength,
  packedCheck,
  packedEnd,
  packedEntryBytes,
  packedFirst,
  packedGet,
  packedInit,
  packedInsert,
  packedNext,
  packedRemove,
  packedReplace,
  packedSeek,
  span,
} from '../../src/memory/packed.ts'
import { type RedisServer, redisSkip, startRedis } from '../support/redis.ts'
import type { Words } from '../support/resp-client.ts'
import { dumpBlobs, dumpOf } from './dump-support.ts'
import { BORDER_INTEGERS, elements, NOT_QUITE_INTEGERS } from './packed-support.ts'

const SEED = Number(process.env.CKV_TEST_SEED ?? 20_260_802)
const LISTS = process.env.CKV_TEST_LONG === undefined ? 150 : 3000
const TYPE_QUICKLIST_2 = 18
const TYPE_HASH_LISTPACK = 16

const skip = redisSkip()

function pack(list: readonly Buffer[]): Buffer {
  const room = list.reduce((sum, each) => sum + packedEntryBytes(each, 0, each.length), 0)
  const bytes = new Uint8Array(3 + PACKED_EMPTY_BYTES + room)
  packedInit(bytes, 3)
  for (const each of list) packedInsert(bytes, 3, packedEnd(bytes, 3), each, 0, each.length)
  return Buffer.from(bytes.subarray(3))
}

function unpack(bytes: Uint8Array): Buffer[] {
  const list: Buffer[] = []
  for (let at = packedFirst(bytes, 0); at !== -1; at = packedNext(bytes, at)) {
    packedGet(bytes, at)
    list.push(Buffer.from(span.bytes.slice(span.start, span.start + span.length)))
  }
  return list
}

/** The listpacks of Redis's list, each checked and made again from its elements. */
async function nodesOf(server: RedisServer, key: string): Promise<Buffer[]> {
  const dump = await dumpOf(server, key)
  const nodes = dumpBlobs(dump, TYPE_QUICKLIST_2)
  for (const node of nodes) {
    const wrong = packedCheck(node, 0, node.length)
    if (wrong !== '') throw new Error(wrong)
    if (packedByteLength(node, 0) !== node.length) throw new Error('length')
    const again = pack(unpack(node))
    if (!again.equals(node)) throw new Error(`${again.toString('hex')}\n${node.toString('hex')}`)
  }
  return nodes
}

const FLAGS = ['--rdbcompression', 'no', '--list-max-listpack-size', '-5']

t.test('lists as Redis packs them', { skip }, async (t) => {
  const server = await startRedis(...FLAGS)
  t.teardown(() => server.stop())
  const borders = [
    ...BORDER_INTEGERS.map(String),
    ...NOT_QUITE_INTEGERS,
    ...[63, 64, 125, 126, 127, 4095, 4096].map((length) => 'x'.repeat(length)),
  ].map((text) => Buffer.from(text))
  // Around the 16383 that takes three bytes; each fills a node of its own size.
  const long = [16_376, 16_377, 16_378, 16_379].map((length) => [Buffer.alloc(length, 'y')])
  const random = fc.sample(fc.array(elements, { minLength: 1, maxLength: 40 }), {
    numRuns: LISTS,
    seed: SEED,
  })
  const compared = { bytes: 0 }
  for (const list of [borders, ...long, ...random]) {
    await server.pipeline([
      ['DEL', 'l'],
      ['RPUSH', 'l', ...list],
    ])
    const nodes = await nodesOf(server, 'l')
    if (nodes.length === 1) t.ok(pack(list).equals(nodes[0]))
    t.same(nodes.flatMap(unpack), list)
    compared.bytes += nodes.reduce((sum, node) => sum + node.length, 0)
  }
  t.comment(`${random.length} lists, ${compared.bytes} bytes, seed ${SEED}`)
})

interface Change {
  kind: string
  index: number
  element: Buffer
}

/** Does the change to the packed list, and says how Redis is told to do it. */
function change(bytes: Uint8Array, model: Buffer[], { kind, index, element }: Change): Words[] {
  const where = index % model.length
  const at = packedSeek(bytes, 0, where)
  if (kind === 'insert') {
    // LINSERT goes by value: the first equal element.
    const pivot = model[where]
    const first = model.findIndex((each) => each.equals(pivot))
    packedInsert(bytes, 0, packedSeek(bytes, 0, first), element, 0, element.length)
    model.splice(first, 0, element)
    return [['LINSERT', 'l', 'BEFORE', pivot, element]]
  }
  if (kind === 'set') {
    packedReplace(bytes, 0, at, element, 0, element.length)
    model[where] = element
    return [['LSET', 'l', String(where), element]]
  }
  if (model.length === 1) return []
  const last = Math.min(where + 2, model.length - 1)
  packedRemove(bytes, 0, at, last - where)
  model.splice(where, last - where)
  const gone = `gone${index}`
  return Array.from({ length: last - where }, (_, step): Words[] => [
    ['LSET', 'l', String(where + step), gone],
  ])
    .flat()
    .concat([['LREM', 'l', '0', gone]])
}

t.test('the same changes leave the same bytes', { skip }, async (t) => {
  const server = await startRedis(...FLAGS)
  t.teardown(() => server.stop())
  const step = fc.record({
    kind: fc.constantFrom('insert', 'insert', 'set', 'remove'),
    index: fc.nat(500),
    element: elements,
  })
  const runs = fc.sample(
    fc.tuple(fc.array(elements, { minLength: 1, maxLength: 6 }), fc.array(step)),
    {
      numRuns: LISTS,
      seed: SEED + 1,
    },
  )
  for (const [list, steps] of runs) {
    const model = [...list]
    const bytes = new Uint8Array(300_000)
    bytes.set(pack(list))
    const commands: Words[] = [
      ['DEL', 'l'],
      ['RPUSH', 'l', ...list],
    ]
    for (const each of steps) commands.push(...change(bytes, model, each))
    await server.pipeline(commands)
    const nodes = await nodesOf(server, 'l')
    const own = Buffer.from(bytes.subarray(0, packedByteLength(bytes, 0)))
    t.equal(nodes.length, 1)
    t.ok(own.equals(nodes[0]), `${steps.length} changes`)
  }
})

t.test('hashes as Redis packs them', { skip }, async (t) => {
  const server = await startRedis(...FLAGS, '--hash-max-listpack-value', '4096')
  t.teardown(() => server.stop())
  const list = [...NOT_QUITE_INTEGERS, ...BORDER_INTEGERS.map(String)]
    .flatMap((text, index) => [text, `value ${index}`])
    .map((text) => Buffer.from(text))
  await server.pipeline([['HSET', 'h', ...list]])
  const dump = await dumpOf(server, 'h')
  t.ok(pack(list).equals(dumpBlobs(dump, TYPE_HASH_LISTPACK)[0]))
})
