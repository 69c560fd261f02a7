// appendfsync always, where a reply waits for an fdatasync: replies of commands over several shards
// wait for all they saw or did, and a full disk answers instead of hanging. One thread, real parts:
// request ring, worker, reply ring, inbox, sync thread's work.

import t from 'tap'
import type { ClientSocket } from '../../src/acceptor/client-socket.ts'
import { Connection } from '../../src/acceptor/connection.ts'
import { Inbox } from '../../src/acceptor/inbox.ts'
import type { Output } from '../../src/acceptor/output.ts'
import { findCommand } from '../../src/catalog/lookup.ts'
import { Counters } from '../../src/counters/counters.ts'
import { shardOfSlot, slotOfKey } from '../../src/dispatch/slots.ts'
import type { Executor } from '../../src/executor/executor.ts'
import { retryGroups } from '../../src/executor/housekeeping.ts'
import { resolveGroups } from '../../src/log/resolve-groups.ts'
import { scanShard } from '../../src/log/scan.ts'
import { Syncer } from '../../src/log/syncer.ts'
import { markRepliesReady, markRequestsReady } from '../../src/ring/bell.ts'
import { REQUEST_SEVERAL_SHARDS } from '../../src/ring/layout.ts'
import { RequestWriter } from '../../src/ring/requests.ts'
import * as row from '../../src/rows/layout.ts'
import { loadLsn, sideLong } from '../../src/rows/rows.ts'
import { Instance, SHARDS } from './instance.ts'

const MISCONF = '-MISCONF Errors writing to the AOF file: '
const UNKNOWN = `${MISCONF}outcome unknown, the effect may be lost at a restart\r\n`
const REFUSED = `${MISCONF}No space left on device\r\n`

const LOG = { instance: 'crs-test0001', generation: 1, startLsn: 0 }

/** A key of each shard. */
const KEYS = Array.from({ length: SHARDS }, (_, shard) => {
  for (let index = 0; ; index++) {
    const key = `k${index}`
    if (shardOfSlot(slotOfKey(Buffer.from(key), 0, key.length), SHARDS) === shard) return key
  }
})

class OneClient {
  readonly instance = new Instance({ ringBytes: 16_384, poolChunks: 16, start: 0 })
  readonly executor: Executor
  readonly syncer: Syncer
  readonly #connection = new Connection({} as ClientSocket, 0, 1, 1, true, 0)
  readonly #writers: RequestWriter[]
  readonly #inbox: Inbox
  readonly #got: string[] = []

  constructor() {
    const { instance } = this
    const { rows, files, pool, counters } = instance
    rows.words[row.FSYNC_POLICY_WORD] = row.FSYNC_ALWAYS
    this.executor = instance.makeExecutor(1)
    this.#writers = KEYS.map((_, shard) => new RequestWriter(instance.requestRing(0, shard)))
    const replies = KEYS.map((_, shard) => instance.replyRing(0, shard))
    const output = {
      append: (_: Connection, bytes: Uint8Array, start: number, length: number) => {
        this.#got.push(Buffer.from(bytes.subarray(start, start + length)).toString())
      },
    } as unknown as Output
    const connections = [this.#connection]
    this.#inbox = new Inbox(
      this.executor,
      replies,
      pool,
      output,
      new Counters(counters, 1),
      connections,
    )
    const targets = KEYS.map((_, shard) => ({ shard, side: 0, directory: `/shard-${shard}` }))
    this.syncer = new Syncer(rows, files, targets, 1e9, {
      synced: (shard) => markRepliesReady(rows, 1, shard),
      markWanted() {},
      failed() {},
    })
  }

  /** Sends a command to the ring of `shard`, lets workers serve it, and takes what may leave. */
  ask(shard: number, ...words: string[]): string {
    const bytes = Buffer.from(words.join(''))
    const lengths = Int32Array.from(words, ({ length }) => length)
    const starts = new Int32Array(words.length)
    for (let at = 1; at < words.length; at++) starts[at] = starts[at - 1] + lengths[at - 1]
    const several = words[0] === 'MGET' || words[0] === 'MSET' || words[0] === 'FLUSHDB'
    const attributes = (2 << 8) | ((several ? REQUEST_SEVERAL_SHARDS : 0) << 16)
    const code = findCommand(bytes, 0, lengths[0])?.code ?? 0
    const connection = this.#connection
    const writer = this.#writers[shard]
    const sequence = connection.sequenceNext++
    writer.add(0, 1, sequence, attributes, code, bytes, starts, lengths, words.length)
    writer.publish()
    this.#inbox.inFlight++
    markRequestsReady(this.instance.rows, shard)
    this.work()
    return this.take()
  }

  work(): void {
    for (let turn = 0; turn < 4; turn++) {
      this.instance.clock.advance(200)
      for (const worker of this.instance.workers) worker.step()
    }
  }

  take(): string {
    for (let shard = 0; shard < SHARDS; shard++) markRepliesReady(this.instance.rows, 1, shard)
    this.#inbox.drain()
    return this.#got.splice(0).join('')
  }

  /** One turn of the sync thread, then what may leave. */
  sync(): string {
    this.syncer.turn(row.FSYNC_ALWAYS, this.instance.clock.monotonicMs())
    return this.take()
  }

  written(shard: number): number {
    return loadLsn(this.instance.rows, sideLong(shard, 0, row.WRITTEN_LONG))
  }
}

t.test('a reply over several shards waits for all of them', async (t) => {
  const client = new OneClient()
  t.equal(client.ask(1, 'SET', KEYS[1], 'v'), '', 'one shard')
  t.equal(client.sync(), '+OK\r\n')
  t.equal(client.ask(0, 'FLUSHDB'), '', 'data on shard 1 only, asked of shard 0')
  t.equal(client.sync(), '+OK\r\n')
  t.equal(client.ask(1, 'SET', KEYS[1], 'new'), '')
  t.equal(client.ask(0, 'MGET', KEYS[0], KEYS[1]), '', 'it saw what is not durable')
  t.equal(client.sync(), '+OK\r\n*2\r\n$-1\r\n$3\r\nnew\r\n')
  const before = KEYS.map((_, shard) => client.written(shard))
  t.equal(client.ask(0, 'MGET', KEYS[0], KEYS[1]), '*2\r\n$-1\r\n$3\r\nnew\r\n', 'all durable')
  t.same(
    KEYS.map((_, shard) => client.written(shard)),
    before,
    'then nothing is written for it',
  )
  const scans = KEYS.map((_, shard) =>
    scanShard(client.instance.files, `/shard-${shard}`, { ...LOG, shard }),
  )
  const ends = scans.map(({ endLsn }) => endLsn)
  t.same(ends, before, 'blocks without records are whole')
  const groups = scans.flatMap((scan) => scan.groups)
  const durable = scans.flatMap((scan) => scan.durableGroups)
  t.same(resolveGroups(groups, ends, durable), ends, 'and so are the groups')
})

t.test('a full disk answers', async (t) => {
  const client = new OneClient()
  const { files, clock } = client.instance
  client.ask(2, 'SET', KEYS[2], 'old')
  client.sync()
  files.freeBytes = 0
  t.equal(client.ask(2, 'SET', KEYS[2], 'x'), UNKNOWN)
  t.equal(client.ask(2, 'GET', KEYS[2]), '$1\r\nx\r\n', 'reads go on')
  t.equal(client.ask(2, 'SET', KEYS[2], 'y'), REFUSED)
  t.equal(client.ask(0, 'MSET', KEYS[0], 'a', KEYS[2], 'b'), REFUSED)
  t.equal(client.ask(0, 'MGET', KEYS[0], KEYS[2]), '*2\r\n$-1\r\n$1\r\nx\r\n', 'these too')
  files.freeBytes = 1e9
  clock.advance(1000)
  client.work()
  t.equal(client.ask(2, 'SET', KEYS[2], 'z'), '')
  t.equal(client.sync(), '+OK\r\n')
  t.equal(client.ask(0, 'MGET', KEYS[0], KEYS[2]), '*2\r\n$-1\r\n$1\r\nz\r\n')
})

t.test('what cannot become durable is not promised, and nothing is left open', async (t) => {
  for (const broken of [0, 2]) {
    const client = new OneClient()
    const { rows } = client.instance
    client.ask(1, 'SET', KEYS[1], 'b')
    client.ask(2, 'SET', KEYS[2], 'c')
    rows.words[row.sideRow(broken, 0) + row.SYNC_FAILED_WORD] = 1
    const reply = client.ask(0, 'MGET', KEYS[0], KEYS[1], KEYS[2])
    t.notMatch(reply, /\*3/, `shard ${broken}: no values yet`)
    // Under every policy a holding ends with a commit: the next ones say so by an assertion.
    t.doesNotThrow(() => client.ask(1, 'SET', KEYS[1], 'd'))
    t.match(`${reply}${client.sync()}`, /MISCONF.*outcome unknown/, `shard ${broken}: said`)
    t.match(client.ask(0, 'SET', KEYS[0], 'a'), broken === 0 ? /MISCONF/ : /^$/)
  }
})

t.test('half of a group that waits is not written', async (t) => {
  const client = new OneClient()
  const { files, rows } = client.instance
  files.freeBytes = 0
  t.equal(client.ask(0, 'MSET', KEYS[0], 'a', KEYS[1], 'b'), UNKNOWN)
  const word = row.sideRow(1, 0) + row.BLOCK_PENDING_WORD
  t.equal(rows.words[word], row.PENDING_GROUP)
  files.freeBytes = 1e9
  const before = client.written(0)
  const { executor } = client
  // Its second part is not said yet when the shards are looked at; the holder says it before it
  // gives the tokens back.
  rows.words[word] = row.PENDING_NONE
  const holdAll = executor.holdAll.bind(executor)
  executor.holdAll = (shards, count, onWait) => {
    rows.words[word] = row.PENDING_GROUP
    holdAll(shards, count, onWait)
  }
  retryGroups(executor, () => {})
  t.equal(client.written(0), before, 'not this time')
  t.equal(executor.heldCount, 0)
  retryGroups(executor, () => {})
  t.ok(client.written(0) > before, 'the whole group')
  t.equal(rows.words[word], row.PENDING_NONE)
})
