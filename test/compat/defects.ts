// Defects that the comparison must notice: each changes the replies of one of two equal servers,
// as a wrong implementation would.

import type { Reply } from '../support/resp.ts'
import type { Words } from './generator.ts'

export interface Defect {
  name: string
  distort(words: Words, reply: Reply): Reply
}

function isCommand(words: Words, ...names: string[]): boolean {
  return names.includes(String(words[0]).toLowerCase())
}

function errorText(reply: Reply): string {
  return reply !== null && typeof reply === 'object' && 'error' in reply ? reply.error : ''
}

function onReply(
  name: string,
  names: string[],
  change: (reply: Reply, words: Words) => Reply,
): Defect {
  return {
    name,
    distort: (words, reply) => (isCommand(words, ...names) ? change(reply, words) : reply),
  }
}

export const DEFECTS: readonly Defect[] = [
  onReply('a missing key reads as an empty string', ['get'], (reply) => reply ?? ''),
  onReply('OK as a bulk', ['set'], (reply) =>
    JSON.stringify(reply) === '{"simple":"OK"}' ? 'OK' : reply,
  ),
  onReply('SET … NX that fails answers OK', ['set'], (reply, words) =>
    reply === null && !words.map(String).some((word) => /^get$/i.test(word))
      ? { simple: 'OK' }
      : reply,
  ),
  onReply('GETRANGE leaves the last byte out', ['getrange', 'substr'], (reply) =>
    typeof reply === 'string' && reply.length > 8 ? reply.slice(0, -1) : reply,
  ),
  onReply('INCR wraps around at 2^63', ['incr', 'incrby', 'decr', 'decrby'], (reply) =>
    /overflow/.test(errorText(reply)) ? -(2 ** 63) : reply,
  ),
  onReply('TTL of a key without expiry is that of a missing key', ['ttl', 'pttl'], (reply) =>
    reply === -1 ? -2 : reply,
  ),
  onReply('PERSIST always says it did', ['persist'], (reply) => (reply === 0 ? 1 : reply)),
  onReply('a name counted twice by EXISTS counts once', ['exists'], (reply, words) =>
    typeof reply === 'number' && reply > new Set(words.slice(1).map(String)).size
      ? new Set(words.slice(1).map(String)).size
      : reply,
  ),
  onReply('BITPOS finds a zero past the end of a given range', ['bitpos'], (reply, words) =>
    reply === -1 && words.length > 4 ? 8 : reply,
  ),
  onReply('floats are shown with an exponent', ['incrbyfloat'], (reply) =>
    typeof reply === 'string' && reply.length > 15 ? Number(reply).toExponential() : reply,
  ),
  onReply('MGET answers in another order', ['mget'], (reply) =>
    Array.isArray(reply) && reply.length > 1 ? [...reply].reverse() : reply,
  ),
  onReply('a text of an error is reworded', ['setrange'], (reply) =>
    /out of range/.test(errorText(reply)) ? { error: 'ERR offset out of range' } : reply,
  ),
  onReply('APPEND counts letters, not bytes', ['append', 'strlen'], (reply) =>
    typeof reply === 'number' && reply > 50 ? reply - 1 : reply,
  ),
  onReply('an expiry of 2^63 is taken', ['expire', 'pexpire', 'expireat', 'pexpireat'], (reply) =>
    /out of range/.test(errorText(reply)) ? 1 : reply,
  ),
  onReply('RENAMENX onto an existing key says it did', ['renamenx'], (reply) =>
    reply === 0 ? 1 : reply,
  ),
  onReply(
    'a number with a leading blank is a number',
    ['setex', 'psetex', 'getbit'],
    (reply, words) => (/ 1/.test(String(words[2])) ? 0 : reply),
  ),
]
