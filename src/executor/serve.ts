// Serving the request rings of one shard: what a worker does while it holds a shard's token, and
// what an acceptor does for other acceptors before it gives one back (`help`).
//
//   for each acceptor: records -> execute -> reply records (not yet visible)
//   commit the log                         <- the replies' effects are in the file
//   publish heads and tails, mark and ring the acceptors
//
// If the write fails, the reply records are taken back and every command of the batch is answered
// with MISCONF, outcome unknown: the effects stay in memory and first in line for the log.

import { markRepliesReady, ringBell } from '../ring/bell.ts'
import {
  COMMAND_HEADER_WORDS,
  REPLY_BLOCKED,
  REPLY_CLOSE,
  REPLY_NOT_RUN,
  REPLY_OF_EXEC,
  REPLY_WATCHING,
  REQUEST_CHUNKED,
  REQUEST_HEADER_WORDS,
  REQUEST_PLACEABLE,
  REQUEST_SEVERAL_SHARDS,
} from '../ring/layout.ts'
import type { ChunkPool } from '../ring/pool.ts'
import { hasReplyRoom, ReplySheet, releaseReplyChunks, writeReplies } from '../ring/replies.ts'
import { chunksOfExtents, gatherBytes } from '../ring/requests.ts'
import {
  advanceHead,
  attachRing,
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
  OPTIONS_GENERATION_WORD,
  PROGRESS_WORD,
  REPLY_BYTES_WORD,
  threadRow,
} from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import type { ReplyWriter } from '../wire/encoder.ts'
import { MISCONF_UNKNOWN } from '../wire/replies.ts'
import { RequestArguments } from './arguments.ts'
import { REPLY_BYTES_KEPT_MAX, type ReplyBacklog } from './backlog.ts'
import { allowWaiting, waits } from './blocking.ts'
import type { Executor } from './executor.ts'
import { isExec, NOT_RUN, TransactionRunner } from './transaction.ts'

/** Commands under one holding of the token, over all acceptors: bounds how long others wait. */
const COMMANDS_PER_HOLD_MAX = 1024
/** Commands of others that an acceptor serves before it gives a token back, a tenth of a ms. */
const COMMANDS_PER_HELP_MAX = 128
/** What the encoding buffer shrinks to after a large reply. */
const REPLY_BYTES_KEPT = 65_536
const NO_BYTES = new Uint8Array(0)
const NO_WORDS = new Int32Array(0)

export class ShardServer {
  readonly #rows: Rows
  readonly #executor: Executor
  readonly #pool: ChunkPool
  readonly #backlog: ReplyBacklog
  /** [acceptor * shardCount + shard] */
  readonly #requests: readonly Ring[]
  readonly #replies: readonly Ring[]
  readonly #acceptorThreads: readonly number[]
  readonly #shardCount: number
  /** Where replies are encoded before they go to a ring. */
  readonly #reply: ReplyWriter
  readonly #sheet = new ReplySheet()
  readonly #arguments = new RequestArguments()
  readonly #transactions: TransactionRunner
  readonly #startHeads: Int32Array
  readonly #startTails: Int32Array
  /** Whose turn it is to be served first, by shard: nobody else's flood puts an acceptor off. */
  readonly #firstAcceptor: Uint8Array
  readonly #onWait: () => void
  /** The chunked command that is being executed. */
  #bigCommand: Uint8Array = NO_BYTES
  #bigWords: Int32Array = NO_WORDS
  /** Of the options that were read last. */
  #generation = 0
  /** Commands executed through rings on this thread, for INFO and the tests. */
  ringedCount = 0

  constructor(
    rows: Rows,
    executor: Executor,
    pool: ChunkPool,
    backlog: ReplyBacklog,
    requests: readonly Ring[],
    replies: readonly Ring[],
    acceptorThreads: readonly number[],
    reply: ReplyWriter,
  ) {
    this.#rows = rows
    this.#reply = reply
    this.#executor = executor
    this.#transactions = new TransactionRunner(executor)
    this.#pool = pool
    this.#backlog = backlog
    this.#requests = requests
    this.#replies = replies
    this.#acceptorThreads = acceptorThreads
    this.#shardCount = executor.sides.length
    this.#startHeads = new Int32Array(acceptorThreads.length)
    this.#startTails = new Int32Array(acceptorThreads.length)
    this.#firstAcceptor = new Uint8Array(this.#shardCount)
    const progress = threadRow(executor.thread) + PROGRESS_WORD
    this.#onWait = () => void Atomics.add(rows.words, progress, 1)
  }

  /**
   * Serves the shard's rings until they are empty, the batch is full or somebody waits for the
   * token, which must be held. What is left in them is announced by whoever releases the token.
   */
  serve(shard: number): void {
    const acceptors = this.#acceptorThreads.length
    this.#readSettings()
    this.#attachRings(shard)
    let budget = COMMANDS_PER_HOLD_MAX
    let acceptor = this.#firstAcceptor[shard]
    for (let step = 0; step < acceptors && budget > 0; step++) {
      budget -= this.#serveAcceptor(shard, acceptor, budget)
      if (++acceptor === acceptors) acceptor = 0
    }
    if (++this.#firstAcceptor[shard] === acceptors) this.#firstAcceptor[shard] = 0
    this.#finish(shard)
  }

  /** CONFIG SET may have changed how long a reply may be. */
  #readSettings(): void {
    const { words } = this.#rows
    if (words[OPTIONS_GENERATION_WORD] === this.#generation) return
    this.#generation = words[OPTIONS_GENERATION_WORD]
    this.#reply.limitBytes = words[REPLY_BYTES_WORD]
  }

  #attachRings(shard: number): void {
    for (let acceptor = 0; acceptor < this.#acceptorThreads.length; acceptor++) {
      const index = acceptor * this.#shardCount + shard
      attachRing(this.#requests[index])
      attachRing(this.#replies[index])
      this.#startHeads[acceptor] = this.#requests[index].head
      this.#startTails[acceptor] = this.#replies[index].tail
    }
  }

  /**
   * An acceptor is about to give the shard back, which it holds for what it ran in place: serves
   * what other acceptors would have run in place meanwhile, and commits both in one block. A worker
   * woken for that would cost more than the commands do. Returns what the commit returns; the
   * caller answers its own clients.
   */
  help(shard: number): number {
    const executor = this.#executor
    const { call } = executor
    if (!executor.requestsWait(shard) || tokenIsWanted(this.#rows, executor.sides[shard].row)) {
      return executor.commit(shard)
    }
    const ownReply = call.reply
    call.reply = this.#reply
    this.#readSettings()
    this.#attachRings(shard)
    let budget = COMMANDS_PER_HELP_MAX
    for (let acceptor = 0; acceptor < this.#acceptorThreads.length; acceptor++) {
      if (this.#acceptorThreads[acceptor] === executor.thread) continue
      budget -= this.#helpAcceptor(shard, acceptor, budget)
    }
    const outcome = this.#finish(shard)
    call.reply = ownReply
    return outcome
  }

  /** Returns how many commands were served. */
  #helpAcceptor(shard: number, acceptor: number, budget: number): number {
    const index = acceptor * this.#shardCount + shard
    const requests = this.#requests[index]
    let done = 0
    while (done < budget && readable(requests)) {
      if (!hasReplyRoom(this.#replies[index]) || this.#backlog.isBehind(acceptor)) break
      const position = peek(requests)
      const word = position >> 2
      if (requests.words[word + 4] >>> 16 !== REQUEST_PLACEABLE) break
      this.#executeRecord(shard, acceptor, position)
      advanceHead(requests, requests.words[word])
      done += requests.words[word + 3]
    }
    return done
  }

  /** Returns how much of the budget was used; all of it ends the batch. */
  #serveAcceptor(shard: number, acceptor: number, budget: number): number {
    const index = acceptor * this.#shardCount + shard
    const requests = this.#requests[index]
    const replies = this.#replies[index]
    let done = 0
    while (done < budget && readable(requests)) {
      if (!hasReplyRoom(replies) || this.#backlog.isBehind(acceptor)) break
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
      if (tokenIsWanted(this.#rows, this.#executor.sides[shard].row)) return budget
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
    executor.call.client = words[word + 2]
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
    this.#arguments.fill(call, bytes, words, at)
    // Read only by whoever finds this thread dead: no need to pay for an ordered store a command.
    this.#rows.words[call.side.row + CURRENT_WORD] = words[(at >> 2) + 1]
    executor.run()
    if (reply.overflowed) {
      reply.overflowed = false
      reply.position = before
      this.#sheet.flags |= REPLY_CLOSE
    }
    this.#sheet.add(words[(at >> 2) + 1], reply.position - before)
  }

  #runChunked(requests: Ring, position: number): void {
    this.#openChunked(requests.words, position >> 2)
    this.#runCommand(this.#bigCommand, this.#bigWords, 0)
    this.#closeChunked()
  }

  /**
   * Shows a command too large for the ring as #bigCommand. In one run of chunks it stays where it
   * lies: they are the acceptor's until its reply has come, and nobody writes to them. Else it is
   * gathered into this thread's memory.
   */
  #openChunked(words: Int32Array, word: number): void {
    const byteLength = words[word + 5]
    const runs = words[word + 6]
    const wholeWords = (byteLength + 3) >> 2
    if (runs === 1) {
      const first = words[word + 7]
      this.#bigCommand = this.#pool.viewFrom(first, wholeWords << 2)
      this.#bigWords = this.#pool.wordsFrom(first, wholeWords)
      return
    }
    const big = Buffer.allocUnsafeSlow(wholeWords << 2)
    gatherBytes(this.#pool, chunksOfExtents(words, word + 7, runs), byteLength, big, 0)
    this.#bigCommand = big
    this.#bigWords = new Int32Array(big.buffer, 0, wholeWords)
  }

  #closeChunked(): void {
    this.#bigCommand = NO_BYTES
    this.#bigWords = NO_WORDS
    // Nothing of it stays reachable by what the call held.
    this.#executor.call.bytes = NO_BYTES
  }

  #send(shard: number, acceptor: number): void {
    const reply = this.#executor.call.reply
    const ring = this.#replies[acceptor * this.#shardCount + shard]
    const lsn = this.#executor.sides[shard].log.replyLsn()
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

  /**
   * Commit, then publish: the one place where replies of the ring path become visible. Returns what
   * the commit returns.
   */
  #finish(shard: number): number {
    const executor = this.#executor
    const side = executor.sides[shard]
    const words = this.#rows.words
    const acceptors = this.#acceptorThreads.length
    for (let acceptor = 0; acceptor < acceptors; acceptor++) {
      const index = acceptor * this.#shardCount + shard
      words[side.row + COMMITTED_HEAD_WORD + acceptor] = this.#requests[index].head
      words[side.row + COMMITTED_TAIL_WORD + acceptor] = this.#replies[index].tail
    }
    const outcome = executor.commit(shard)
    if (outcome !== 0) this.#answerUnknown(shard)
    this.#backlog.committed()
    for (let acceptor = 0; acceptor < acceptors; acceptor++) this.#publishTo(shard, acceptor)
    return outcome
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
        ? this.#pool.wordsFrom(words[word + 7], COMMAND_HEADER_WORDS)[1]
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
    executor.call.client = words[word + 2]
    executor.call.side = executor.sides[shard]
    executor.call.severalShards = true
    this.#sheet.start(words[word + 1], words[word + 2])
    if (chunked) {
      this.#openChunked(words, word)
      this.#runSeveral(acceptor, this.#bigCommand, this.#bigWords, 0)
      this.#closeChunked()
    } else {
      this.#runSeveral(acceptor, requests.bytes, words, position + REQUEST_HEADER_WORDS * 4)
    }
    executor.call.severalShards = false
    this.ringedCount++
    this.#send(shard, acceptor)
    advanceHead(requests, words[word])
  }

  #runSeveral(acceptor: number, bytes: Uint8Array, words: Int32Array, at: number): void {
    const executor = this.#executor
    const { call } = executor
    const { reply } = call
    const sheet = this.#sheet
    this.#arguments.fill(call, bytes, words, at)
    let outcome: number
    if (isExec(call.row)) {
      sheet.flags |= REPLY_OF_EXEC
      outcome = this.#runTransaction(bytes, words)
    } else {
      allowWaiting(call, acceptor, sheet.slot, sheet.generation, words[(at >> 2) + 1])
      outcome = executor.runOverShards(this.#onWait)
      if (waits(call, outcome)) {
        sheet.flags |= REPLY_BLOCKED
        outcome = 0
      }
      if (!call.watching.isEmpty()) this.#replyWatching(outcome)
    }
    if (outcome !== 0) {
      reply.position = 0
      reply.raw(MISCONF_UNKNOWN)
    }
    if (reply.overflowed) {
      reply.overflowed = false
      reply.position = 0
      sheet.flags |= REPLY_CLOSE
    }
    sheet.add(words[(at >> 2) + 1], reply.position)
  }

  #runTransaction(bytes: Uint8Array, words: Int32Array): number {
    const transactions = this.#transactions
    const { starts, lengths } = this.#executor.call
    transactions.set(bytes, words, starts[1], lengths[1], words, starts[2] >> 2, lengths[2] >> 2)
    const outcome = transactions.runOverShards(this.#onWait)
    if (outcome !== NOT_RUN) return outcome
    this.#sheet.flags |= REPLY_NOT_RUN
    return 0
  }

  /** What a WATCH registered goes to its client's acceptor, which says +OK. */
  #replyWatching(outcome: number): void {
    const { reply, watching, sides } = this.#executor.call
    if (outcome !== 0) {
      watching.release(sides)
      return
    }
    const { words } = watching
    reply.position = 0
    reply.rawRange(new Uint8Array(words.buffer), 0, watching.byteLength())
    this.#sheet.flags |= REPLY_WATCHING
    watching.clear()
  }
}
