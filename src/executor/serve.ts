// Serving the request rings of one shard: what a worker does while it holds a shard's token.
//
//   for each acceptor: records -> execute -> reply records (not yet visible)
//   commit the log                         <- the replies' effects are in the file
//   publish heads and tails, mark and ring the acceptors
//
// If the write fails, the reply records are taken back and every command of the batch is answered
// with MISCONF, outcome unknown: the effects stay in memory and first in line for the log.

import type { CommandRow } from '../catalog/spec.ts'
import { markRepliesReady, ringBell } from '../ring/bell.ts'
import {
  COMMAND_HEADER_WORDS,
  REPLY_CLOSE,
  REQUEST_CHUNKED,
  REQUEST_HEADER_WORDS,
  REQUEST_SEVERAL_SHARDS,
} from '../ring/layout.ts'
import type { ChunkPool } from '../ring/pool.ts'
import { ReplySheet, releaseReplyChunks, writeReplies } from '../ring/replies.ts'
import { gatherBytes } from '../ring/requests.ts'
import {
  advanceHead,
  attachRing,
  freeBytes,
  giveBack,
  peek,
  publish,
  type Ring,
  readable,
} from '../ring/ring.ts'
import { tokenIsWanted } from '../ring/token.ts'
import {
  COMMITTED_HEAD_WORD,
  COMMITTED_TAIL_WORD,
  CURRENT_WORD,
  PROGRESS_WORD,
  threadRow,
} from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import { MISCONF_UNKNOWN } from '../wire/replies.ts'
import type { ReplyBacklog } from './backlog.ts'
import type { Executor } from './executor.ts'

/** Commands under one holding of the token, over all acceptors: bounds how long others wait. */
const COMMANDS_PER_HOLD_MAX = 1024
/** What the encoding buffer shrinks to after a large reply, and when. */
const REPLY_BYTES_KEPT = 65_536
const REPLY_BYTES_KEPT_MAX = 4_194_304
/** A request record is only started with this much room for its replies in the ring. */
const REPLY_ROOM_BYTES = 2048

export class ShardServer {
  readonly #rows: Rows
  readonly #executor: Executor
  readonly #pool: ChunkPool
  readonly #backlog: ReplyBacklog
  readonly #rowsByCode: readonly (CommandRow | undefined)[]
  /** [acceptor * shardCount + shard] */
  readonly #requests: readonly Ring[]
  readonly #replies: readonly Ring[]
  readonly #acceptorThreads: readonly number[]
  readonly #shardCount: number
  readonly #sheet = new ReplySheet()
  readonly #startHeads: Int32Array
  readonly #startTails: Int32Array
  readonly #onWait: () => void
  #bigCommand = new Uint8Array(0)
  #bigWords = new Int32Array(0)
  #starts = new Int32Array(1024)
  #lengths = new Int32Array(1024)
  /** Commands executed through rings on this thread, for INFO and the tests. */
  ringedCount = 0

  constructor(
    rows: Rows,
    executor: Executor,
    pool: ChunkPool,
    backlog: ReplyBacklog,
    rowsByCode: readonly (CommandRow | undefined)[],
    requests: readonly Ring[],
    replies: readonly Ring[],
    acceptorThreads: readonly number[],
  ) {
    this.#rows = rows
    this.#executor = executor
    this.#pool = pool
    this.#backlog = backlog
    this.#rowsByCode = rowsByCode
    this.#requests = requests
    this.#replies = replies
    this.#acceptorThreads = acceptorThreads
    this.#shardCount = executor.sides.length
    this.#startHeads = new Int32Array(acceptorThreads.length)
    this.#startTails = new Int32Array(acceptorThreads.length)
    const progress = threadRow(executor.thread) + PROGRESS_WORD
    this.#onWait = () => void Atomics.add(rows.words, progress, 1)
  }

  /** Serves the shard's rings until they are empty or the batch is full. Token must be held. */
  serve(shard: number): void {
    const acceptors = this.#acceptorThreads.length
    for (let acceptor = 0; acceptor < acceptors; acceptor++) {
      const index = acceptor * this.#shardCount + shard
      attachRing(this.#requests[index])
      attachRing(this.#replies[index])
      this.#startHeads[acceptor] = this.#requests[index].head
      this.#startTails[acceptor] = this.#replies[index].tail
    }
    let budget = COMMANDS_PER_HOLD_MAX
    for (let acceptor = 0; acceptor < acceptors && budget > 0; acceptor++) {
      budget -= this.#serveAcceptor(shard, acceptor, budget)
    }
    this.#finish(shard)
  }

  #serveAcceptor(shard: number, acceptor: number, budget: number): number {
    const index = acceptor * this.#shardCount + shard
    const requests = this.#requests[index]
    const replies = this.#replies[index]
    let done = 0
    while (done < budget && readable(requests)) {
      if (freeBytes(replies) < REPLY_ROOM_BYTES + (replies.byteLength >> 2)) break
      if (this.#backlog.isBehind(acceptor)) break
      const before = requests.head
      const position = peek(requests)
      const words = requests.words
      const word = position >> 2
      const count = words[word + 3]
      const flags = words[word + 4] >>> 16
      if ((flags & REQUEST_SEVERAL_SHARDS) !== 0) {
        // Stepping over a wrap mark moved the head, but consumed nothing: that is not pending.
        const after = requests.head
        requests.head = before
        if (this.#somethingPending(shard)) break
        requests.head = after
        this.#coordinate(shard, acceptor, position)
        return COMMANDS_PER_HOLD_MAX
      }
      this.#executeRecord(shard, acceptor, position)
      advanceHead(requests, words[word])
      done += count
      if (tokenIsWanted(this.#rows, this.#executor.sides[shard].row)) break
    }
    return done
  }

  #somethingPending(shard: number): boolean {
    for (let acceptor = 0; acceptor < this.#acceptorThreads.length; acceptor++) {
      const requests = this.#requests[acceptor * this.#shardCount + shard]
      if (requests.head !== this.#startHeads[acceptor]) return true
    }
    return false
  }

  #executeRecord(shard: number, acceptor: number, position: number): void {
    const executor = this.#executor
    const requests = this.#requests[acceptor * this.#shardCount + shard]
    const words = requests.words
    const word = position >> 2
    const sheet = this.#sheet
    const reply = executor.call.reply
    const attributes = words[word + 4]
    executor.readClock()
    executor.call.side = executor.sides[shard]
    executor.call.severalShards = false
    executor.call.database = attributes & 0xff
    reply.protocol = ((attributes >> 8) & 0xff) as 2 | 3
    reply.position = 0
    sheet.start(words[word + 1], words[word + 2])
    const count = words[word + 3]
    if ((attributes >>> 16) & REQUEST_CHUNKED) {
      this.#runChunked(requests, position)
    } else {
      let at = position + REQUEST_HEADER_WORDS * 4
      for (let index = 0; index < count; index++) {
        this.#runCommand(requests.bytes, words, at)
        at += words[at >> 2]
      }
    }
    this.ringedCount += count
    this.#send(shard, acceptor)
  }

  /** Executes the command drawn at byte `at` of a buffer and notes its reply on the sheet. */
  #runCommand(bytes: Uint8Array, words: Int32Array, at: number): void {
    const executor = this.#executor
    const call = executor.call
    const reply = call.reply
    const before = reply.position
    this.#fillCall(bytes, words, at)
    Atomics.store(this.#rows.words, call.side.row + CURRENT_WORD, words[(at >> 2) + 1])
    executor.run()
    if (reply.overflowed) {
      reply.overflowed = false
      reply.position = before
      this.#sheet.flags |= REPLY_CLOSE
    }
    this.#sheet.add(words[(at >> 2) + 1], reply.position - before)
  }

  #fillCall(bytes: Uint8Array, words: Int32Array, at: number): void {
    const call = this.#executor.call
    let word = at >> 2
    const argCount = words[word + 3]
    if (argCount > this.#starts.length) {
      this.#starts = new Int32Array(argCount * 2)
      this.#lengths = new Int32Array(argCount * 2)
    }
    const starts = this.#starts
    const lengths = this.#lengths
    call.row = this.#rowsByCode[words[word + 2] & 0xffff] as CommandRow
    call.bytes = bytes
    call.starts = starts
    call.lengths = lengths
    call.argCount = argCount
    starts[0] = 0
    lengths[0] = 0
    word += COMMAND_HEADER_WORDS
    for (let index = 1; index < argCount; index++) {
      starts[index] = at + words[word++]
      lengths[index] = words[word++]
    }
  }

  /** A command too large for the ring is gathered from its chunks into this thread's memory. */
  #runChunked(requests: Ring, position: number): void {
    const words = requests.words
    const word = position >> 2
    const byteLength = words[word + 5]
    const chunkCount = words[word + 6]
    if (this.#bigCommand.length < byteLength) {
      this.#bigCommand = new Uint8Array((byteLength + 3) & ~3)
      this.#bigWords = new Int32Array(this.#bigCommand.buffer)
    }
    const chunks = words.subarray(word + 7, word + 7 + chunkCount)
    gatherBytes(this.#pool, chunks, byteLength, this.#bigCommand, 0)
    this.#runCommand(this.#bigCommand, this.#bigWords, 0)
    this.#bigCommand = new Uint8Array(0)
    this.#bigWords = new Int32Array(0)
  }

  #send(shard: number, acceptor: number): void {
    const reply = this.#executor.call.reply
    const ring = this.#replies[acceptor * this.#shardCount + shard]
    const lsn = this.#executor.sides[shard].log.appendedLsn()
    const sheet = this.#sheet
    if (this.#backlog.isBehind(acceptor)) {
      this.#backlog.add(shard, acceptor, sheet, lsn, reply.bytes, reply.position)
    } else if (!writeReplies(ring, this.#pool, sheet, lsn, reply.bytes, 0, reply.position)) {
      this.#backlog.add(shard, acceptor, sheet, lsn, reply.bytes, reply.position)
    }
    // A reply of many megabytes does not keep its room for ever.
    if (reply.bytes.length > REPLY_BYTES_KEPT_MAX)
      reply.use(Buffer.allocUnsafeSlow(REPLY_BYTES_KEPT))
  }

  /** Commit, then publish: the one place where replies of the ring path become visible. */
  #finish(shard: number): void {
    const executor = this.#executor
    const side = executor.sides[shard]
    const words = this.#rows.words
    const acceptors = this.#acceptorThreads.length
    for (let acceptor = 0; acceptor < acceptors; acceptor++) {
      const index = acceptor * this.#shardCount + shard
      words[side.row + COMMITTED_HEAD_WORD + acceptor] = this.#requests[index].head
      words[side.row + COMMITTED_TAIL_WORD + acceptor] = this.#replies[index].tail
    }
    if (executor.commit(shard) !== 0) this.#answerUnknown(shard)
    this.#backlog.committed()
    for (let acceptor = 0; acceptor < acceptors; acceptor++) this.#publishTo(shard, acceptor)
  }

  #publishTo(shard: number, acceptor: number): void {
    const index = acceptor * this.#shardCount + shard
    const requests = this.#requests[index]
    const replies = this.#replies[index]
    if (
      requests.head === this.#startHeads[acceptor] &&
      replies.tail === this.#startTails[acceptor]
    ) {
      return
    }
    publish(replies)
    giveBack(requests)
    markRepliesReady(this.#rows, this.#acceptorThreads[acceptor], shard)
    ringBell(this.#rows, this.#acceptorThreads[acceptor])
  }

  /** The write failed: every command since the batch began gets "outcome unknown" instead. */
  #answerUnknown(shard: number): void {
    this.#backlog.dropUncommitted()
    for (let acceptor = 0; acceptor < this.#acceptorThreads.length; acceptor++) {
      const index = acceptor * this.#shardCount + shard
      const requests = this.#requests[index]
      const end = requests.head
      const replies = this.#replies[index]
      releaseReplyChunks(replies, this.#pool, this.#startTails[acceptor], replies.tail)
      replies.tail = this.#startTails[acceptor]
      requests.head = this.#startHeads[acceptor]
      while (requests.head !== end) {
        const position = peek(requests)
        this.#answerRecordUnknown(shard, acceptor, position)
        advanceHead(requests, requests.words[position >> 2])
      }
    }
  }

  #answerRecordUnknown(shard: number, acceptor: number, position: number): void {
    const requests = this.#requests[acceptor * this.#shardCount + shard]
    const words = requests.words
    const word = position >> 2
    const reply = this.#executor.call.reply
    const chunked = (words[word + 4] >>> 16) & REQUEST_CHUNKED
    this.#sheet.start(words[word + 1], words[word + 2])
    reply.position = 0
    let at = position + REQUEST_HEADER_WORDS * 4
    for (let index = 0; index < words[word + 3]; index++) {
      const sequence = chunked
        ? this.#pool.words[(this.#pool.chunkByte(words[word + 7]) >> 2) + 1]
        : words[(at >> 2) + 1]
      const before = reply.position
      reply.raw(MISCONF_UNKNOWN)
      this.#sheet.add(sequence, reply.position - before)
      at += words[at >> 2]
    }
    this.#send(shard, acceptor)
  }

  /**
   * A command over several shards: this shard is the lowest one it needs, its token is held. The
   * other tokens are waited for in ascending order and kept until every shard's block is written.
   */
  #coordinate(shard: number, acceptor: number, position: number): void {
    const executor = this.#executor
    const requests = this.#requests[acceptor * this.#shardCount + shard]
    const words = requests.words
    const word = position >> 2
    const reply = executor.call.reply
    const attributes = words[word + 4]
    const chunked = ((attributes >>> 16) & REQUEST_CHUNKED) !== 0
    reply.position = 0
    reply.protocol = ((attributes >> 8) & 0xff) as 2 | 3
    executor.call.database = attributes & 0xff
    executor.call.side = executor.sides[shard]
    executor.call.severalShards = true
    this.#sheet.start(words[word + 1], words[word + 2])
    if (chunked) {
      const byteLength = words[word + 5]
      const big = new Uint8Array((byteLength + 3) & ~3)
      gatherBytes(
        this.#pool,
        words.subarray(word + 7, word + 7 + words[word + 6]),
        byteLength,
        big,
        0,
      )
      this.#runSeveral(big, new Int32Array(big.buffer), 0)
    } else {
      this.#runSeveral(requests.bytes, words, position + REQUEST_HEADER_WORDS * 4)
    }
    executor.call.severalShards = false
    this.ringedCount++
    this.#send(shard, acceptor)
    advanceHead(requests, words[word])
  }

  #runSeveral(bytes: Uint8Array, words: Int32Array, at: number): void {
    const executor = this.#executor
    const reply = executor.call.reply
    this.#fillCall(bytes, words, at)
    const outcome = executor.runOverShards(this.#onWait)
    if (outcome !== 0) {
      reply.position = 0
      reply.raw(MISCONF_UNKNOWN)
    }
    if (reply.overflowed) {
      reply.overflowed = false
      reply.position = 0
      this.#sheet.flags |= REPLY_CLOSE
    }
    this.#sheet.add(words[(at >> 2) + 1], reply.position)
  }
}
