// What HSCAN, SSCAN and ZSCAN share: cursor and options, and the frame of their reply. A packed
// collection comes as a whole; of a large one as many pages as COUNT asks for. The cursor is the
// first hash not yet seen (memory/dictionary-walk.ts). [redis-3.2 db.c scanGenericCommand]

import { compileGlob, type Glob, matchGlob } from '../base/glob.ts'
import { parseSafeInteger } from '../base/numbers.ts'
import { span } from '../memory/span.ts'
import { INVALID_CURSOR } from '../wire/replies.ts'
import { replyNotInteger, replySyntaxError } from './answers.ts'
import { argumentIs, roughInteger, word } from './arguments.ts'
import type { Call } from './call.ts'
import { beginHeads, closeList, openList } from './walk.ts'

const CURSOR = 2
const FIRST_OPTION = 3
const COUNT_DEFAULT = 10
const HASHES = 2 ** 32
const UINT64_MAX = 2n ** 64n - 1n
const COUNT = word('count')
const MATCH = word('match')

function latin1Text(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1')
}

/** Where to go on. Any number of 64 bits is taken, as by Redis: one that is none of ours finds what
 * it finds. -1: no number. */
function cursorArgument({ bytes, starts, lengths }: Call): number {
  const cursor = parseSafeInteger(bytes, starts[CURSOR], lengths[CURSOR])
  if (cursor >= 0) return cursor % HASHES
  const text = latin1Text(bytes, starts[CURSOR], lengths[CURSOR])
  // No digits at all are 0, as strtoul has it.
  if (text === '') return 0
  if (!/^[+-]?\d{1,20}$/.test(text)) return -1
  const wide = BigInt(text)
  return wide > UINT64_MAX || wide < -UINT64_MAX ? -1 : Number(BigInt.asUintN(32, wide))
}

/** One a thread. For each command: parseCursor, look the key up, parseOptions, in Redis's order. */
export class ElementScan {
  cursor = 0
  count = COUNT_DEFAULT
  /** Elements written to the reply so far. */
  written = 0
  #glob: Glob | undefined = undefined
  #start = 0

  /** False: an error was answered. */
  parseCursor(call: Call): boolean {
    this.cursor = cursorArgument(call)
    if (this.cursor < 0) call.reply.error(INVALID_CURSOR)
    return this.cursor >= 0
  }

  /** False: an error was answered. */
  parseOptions(call: Call): boolean {
    this.#glob = undefined
    this.count = COUNT_DEFAULT
    for (let index = FIRST_OPTION; index < call.argCount; index += 2) {
      if (!this.#parseOption(call, index)) return false
    }
    return true
  }

  #parseOption(call: Call, index: number): boolean {
    const value = index + 1
    const isCount = argumentIs(call, index, COUNT)
    if (value === call.argCount || !(isCount || argumentIs(call, index, MATCH))) {
      replySyntaxError(call)
      return false
    }
    if (!isCount) {
      this.#glob = compileGlob(call.bytes, call.starts[value], call.lengths[value], false)
      return true
    }
    this.count = roughInteger(call, value)
    if (this.count >= 1) return true
    if (Number.isNaN(this.count)) replyNotInteger(call)
    else replySyntaxError(call)
    return false
  }

  /** Is what `span` shows wanted? */
  matches(): boolean {
    const glob = this.#glob
    return glob === undefined || matchGlob(glob, span.bytes, span.start, span.length)
  }

  /** Leaves room in front of the elements. */
  open(call: Call): void {
    this.written = 0
    this.#start = openList(call.reply)
  }

  /** Writes the next cursor and how many elements there are in front of them. */
  close(call: Call, next: number): void {
    const { reply } = call
    if (reply.overflowed) return
    const end = beginHeads(reply, this.#start)
    reply.arrayHeader(2)
    reply.bulkInteger(next)
    reply.arrayHeader(this.written)
    closeList(reply, this.#start, end)
  }

  /** The reply for a key that is not there. */
  replyNothing(call: Call): void {
    call.reply.arrayHeader(2)
    call.reply.bulkInteger(0)
    call.reply.arrayHeader(0)
  }
}
