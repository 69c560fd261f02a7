// A server of PING and ECHO made of the wire room alone: it takes a stream in pieces as an acceptor
// takes receives, and answers as Redis 7.0 would. For comparing splits, and with Redis itself.

import { assert } from '../../src/base/assert.ts'
import { QUERY_BUFFER_BYTES_MAX } from '../../src/base/limits.ts'
import {
  AUTHENTICATED_LIMITS,
  CommandDecoder,
  DECODE_COMMAND,
  DECODE_ERROR,
  DECODE_INCOMPLETE,
  type DecoderLimits,
} from '../../src/wire/decoder.ts'
import { ReplyWriter } from '../../src/wire/encoder.ts'
import { QUERY_TOO_LARGE, QueryBuffer } from '../../src/wire/query-buffer.ts'
import * as replies from '../../src/wire/replies.ts'

const REPLY_BYTES_MAX = 64 * 1024 * 1024

export class Responder {
  readonly writer = new ReplyWriter(1024, REPLY_BYTES_MAX)
  readonly query = new QueryBuffer(QUERY_BUFFER_BYTES_MAX)
  /** Every command as its arguments, one character a byte. */
  readonly commands: string[][] = []
  /** A broken stream: nothing more is read. */
  closed = false
  /** A command that is neither PING nor ECHO came by: Redis may know it. */
  sawOther = false
  /** Most bytes that were held for an incomplete command. */
  capacityBytesMax = 0
  readonly #decoder = new CommandDecoder()
  #limits: DecoderLimits

  constructor(limits: DecoderLimits = AUTHENTICATED_LIMITS) {
    this.#limits = limits
  }

  /** As new, for another stream: a fuzzer makes no new responders. */
  clear(limits: DecoderLimits = AUTHENTICATED_LIMITS): void {
    this.writer.clear()
    this.query.release()
    this.#decoder.reset()
    this.commands.length = 0
    this.closed = false
    this.sawOther = false
    this.capacityBytesMax = 0
    this.#limits = limits
  }

  receive(bytes: Uint8Array): void {
    const { query } = this
    const decoder = this.#decoder
    decoder.limits = this.#limits
    const to = bytes.length
    let at = query.byteLength > 0 ? this.#feed(bytes, 0, to) : 0
    while (at < to && !this.closed) {
      const result = decoder.decode(bytes, at, to)
      if (result === DECODE_INCOMPLETE) {
        assert(decoder.missingBytes > 0, 'an incomplete command misses something')
        decoder.reset()
        at = this.#feed(bytes, at, to)
      } else {
        this.#answer(result, decoder)
        at = decoder.end
      }
    }
  }

  /** The replies so far, one character a byte. */
  text(): string {
    return Buffer.from(this.writer.bytes.subarray(0, this.writer.position)).toString('latin1')
  }

  #feed(bytes: Uint8Array, from: number, to: number): number {
    const { query } = this
    const at = query.feed(bytes, from, to, this.#limits)
    this.capacityBytesMax = Math.max(this.capacityBytesMax, query.capacityBytes)
    if (query.result === DECODE_INCOMPLETE) return to
    assert(query.result !== QUERY_TOO_LARGE, 'these streams stay within the limit')
    this.#answer(query.result, query.decoder)
    query.release()
    return at
  }

  #answer(result: number, decoder: CommandDecoder): void {
    if (result === DECODE_ERROR) {
      this.writer.raw(decoder.errorText)
      this.closed = true
    } else if (result === DECODE_COMMAND) {
      this.commands.push(commandWords(decoder))
      this.#run(decoder)
    }
  }

  #run(decoder: CommandDecoder): void {
    const { argCount, argStarts, argLengths, bytes } = decoder
    const name = this.commands[this.commands.length - 1][0].toLowerCase()
    if (name === 'ping' && argCount === 1) this.writer.pong()
    else if ((name === 'ping' || name === 'echo') && argCount === 2) {
      this.writer.bulk(bytes, argStarts[1], argLengths[1])
    } else if (name === 'ping' || name === 'echo') this.writer.error(replies.wrongArity(name))
    else {
      this.sawOther = true
      this.writer.error(replies.unknownCommand70(decoder))
    }
  }
}

export function commandWords(decoder: CommandDecoder): string[] {
  const words: string[] = []
  for (let index = 0; index < decoder.argCount; index++) {
    const start = decoder.argStarts[index]
    const word = decoder.bytes.subarray(start, start + decoder.argLengths[index])
    words.push(Buffer.from(word).toString('latin1'))
  }
  return words
}

/** The answer to a stream in the given pieces. */
export function respond(pieces: readonly Uint8Array[], limits?: DecoderLimits): Responder {
  const responder = new Responder(limits)
  for (const piece of pieces) if (!responder.closed) responder.receive(piece)
  return responder
}

/** The stream in pieces of `size` bytes. */
export function inPieces(stream: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < stream.length; at += size) pieces.push(stream.subarray(at, at + size))
  return pieces
}
