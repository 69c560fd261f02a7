// Checks the replies of one connection against the requests it sent. Two ways: every reply through
// redis-parser (the default), or, where the client must cost next to nothing, by walking frames
// whose length is known beforehand. Both find errors, wrong types, nils and, sampled, wrong values.

import RedisParser from 'redis-parser'
import { valueText } from './keys.ts'
import type { LoadProfile, ReplyFaults } from './profile.ts'
import { KIND_INTEGER, KIND_OK, KIND_PONG, KIND_VALUE, MULTI_KEYS, type Tape } from './tape.ts'

/** One value in this many is compared byte by byte; a power of two. */
const SAMPLE_EVERY = 64

const PLUS = 43
const DOLLAR = 36
const MINUS = 45

export interface ReplyReader {
  /** Takes received bytes (only valid during the call) and returns the replies completed. */
  take(bytes: Buffer): number
  /** The next reply belongs to request `index` of the tape, the ones after it follow. */
  expectFrom(index: number): void
}

export function noFaults(): ReplyFaults {
  return { errors: 0, misses: 0, mismatches: 0, first: '' }
}

function note(faults: ReplyFaults, text: string): void {
  if (faults.first === '') faults.first = text.slice(0, 200)
}

/** Every reply through redis-parser. */
export class ParsedReplies implements ReplyReader {
  #parser: RedisParser
  #tape: Tape
  #valueBytes: number
  #faults: ReplyFaults
  #index = 0
  #done = 0

  constructor(tape: Tape, valueBytes: number, faults: ReplyFaults) {
    this.#tape = tape
    this.#valueBytes = valueBytes
    this.#faults = faults
    this.#parser = new RedisParser({
      returnBuffers: true,
      returnReply: (reply) => this.#check(reply),
      returnError: (error) => this.#fail(error),
      returnFatalError: (error) => {
        throw error
      },
    })
  }

  expectFrom(index: number): void {
    this.#index = index
  }

  take(bytes: Buffer): number {
    this.#done = 0
    // The parser keeps an incomplete tail; the caller's buffer is used again. So it gets a copy.
    this.#parser.execute(Buffer.from(bytes))
    return this.#done
  }

  #advance(): number {
    const index = this.#index
    this.#index = index + 1 === this.#tape.requests ? 0 : index + 1
    this.#done++
    return index
  }

  #fail(error: Error): void {
    this.#advance()
    this.#faults.errors++
    note(this.#faults, error.message)
  }

  #check(reply: unknown): void {
    const index = this.#advance()
    const kind = this.#tape.kindOf[index]
    if (kind === KIND_OK || kind === KIND_PONG) {
      const wanted = kind === KIND_OK ? 2 : 4
      if (!Buffer.isBuffer(reply) || reply.length !== wanted) this.#mismatch('not the status asked')
    } else if (kind === KIND_INTEGER) {
      if (typeof reply !== 'number') this.#mismatch('not an integer')
    } else if (kind === KIND_VALUE) {
      this.#checkValue(reply, index)
    } else if (!Array.isArray(reply) || reply.length !== MULTI_KEYS) {
      this.#mismatch('not an array of the keys asked')
    } else {
      this.#checkValue(reply[0], index)
    }
  }

  #checkValue(reply: unknown, index: number): void {
    if (reply === null) {
      this.#faults.misses++
      note(this.#faults, 'nil for a key that was stored')
    } else if (!Buffer.isBuffer(reply) || reply.length !== this.#valueBytes) {
      this.#mismatch('value of another length')
    } else if ((index & (SAMPLE_EVERY - 1)) === 0) {
      const wanted = valueText(this.#tape.keyOf[index], this.#valueBytes)
      if (reply.toString('latin1') !== wanted)
        this.#mismatch(`value of key ${this.#tape.keyOf[index]}`)
    }
  }

  #mismatch(text: string): void {
    this.#faults.mismatches++
    note(this.#faults, text)
  }
}

/**
 * Walks replies of known length: `+OK` (5 bytes), `+PONG` (7), `$64 … ` (71). A reply of another
 * length or type throws, since from there on no frame can be trusted. Not for INCR and MGET.
 */
export class FramedReplies implements ReplyReader {
  #tape: Tape
  #valueBytes: number
  #valueFrameBytes: number
  #faults: ReplyFaults
  #index = 0
  #tail = Buffer.alloc(0)

  constructor(tape: Tape, valueBytes: number, faults: ReplyFaults) {
    this.#tape = tape
    this.#valueBytes = valueBytes
    this.#valueFrameBytes = `$${valueBytes}\r\n`.length + valueBytes + 2
    this.#faults = faults
  }

  expectFrom(index: number): void {
    this.#index = index
  }

  take(received: Buffer): number {
    const bytes = this.#tail.length === 0 ? received : Buffer.concat([this.#tail, received])
    const { kindOf, requests } = this.#tape
    let at = 0
    let done = 0
    while (at < bytes.length) {
      const kind = kindOf[this.#index]
      const isValue = kind === KIND_VALUE
      const length = isValue ? this.#valueFrameBytes : kind === KIND_PONG ? 7 : 5
      if (bytes[at] !== (isValue ? DOLLAR : PLUS)) this.#refuse(bytes, at)
      // A nil is shorter than any value: waiting for the rest of the frame would take for ever.
      if (isValue && bytes[at + 1] === MINUS) this.#refuse(bytes, at)
      if (at + length > bytes.length) break
      if (bytes[at + length - 1] !== 10) this.#refuse(bytes, at)
      if (isValue && (this.#index & (SAMPLE_EVERY - 1)) === 0) this.#sample(bytes, at + length)
      at += length
      done++
      this.#index = this.#index + 1 === requests ? 0 : this.#index + 1
    }
    this.#tail = at === bytes.length ? EMPTY : Buffer.from(bytes.subarray(at))
    return done
  }

  #sample(bytes: Buffer, end: number): void {
    const value = bytes.toString('latin1', end - 2 - this.#valueBytes, end - 2)
    const key = this.#tape.keyOf[this.#index]
    if (valueText(key, this.#valueBytes) === value) return
    this.#faults.mismatches++
    note(this.#faults, `value of key ${key}`)
  }

  #refuse(bytes: Buffer, at: number): never {
    const text = bytes.toString('latin1', at, at + 80)
    throw new Error(`unexpected reply ${JSON.stringify(text)}`)
  }
}

const EMPTY = Buffer.alloc(0)

/** The reader that a profile asks for. */
export function makeReader(profile: LoadProfile, tape: Tape, faults: ReplyFaults): ReplyReader {
  const fixed = profile.command === 'set' || profile.command === 'get' || profile.command === 'ping'
  if (profile.replyCheck === 'frames' && (fixed || profile.repliesAreOk)) {
    return new FramedReplies(tape, profile.valueBytes, faults)
  }
  return new ParsedReplies(tape, profile.valueBytes, faults)
}
