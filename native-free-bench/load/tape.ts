// A tape is a long run of ready-made requests. Connections send slices of it, so that the client
// spends nothing on building requests while it measures. It is never changed after it was made.
//
//   bytes    | request 0 | request 1 | request 2 | …
//   starts   ^0          ^1          ^2
//   keyOf    first key number of request i         kindOf   what reply it must get

import { SeededRandom } from '../../src/base/random.ts'
import { drawKeys, keyName, valueText } from './keys.ts'
import type { LoadProfile } from './profile.ts'

export const KIND_OK = 0
export const KIND_VALUE = 1
export const KIND_INTEGER = 2
export const KIND_PONG = 3
export const KIND_VALUES = 4

/** Keys in one MSET or MGET. */
export const MULTI_KEYS = 10
/** Share of GET in the mixed load, in percent. */
const MIXED_GET_PERCENT = 80
/** Aimed size of a tape; with 64 B values about 130,000 requests. */
const TAPE_BYTES = 16_777_216
const TAPE_REQUESTS_MAX = 131_072
const TAPE_REQUESTS_MIN = 256
/** A tape much longer than its keys shows the server nothing new. */
const REQUESTS_PER_KEY = 4
const COUNTER_FAMILY = 'cnt:'

export interface Tape {
  bytes: Buffer
  /** One more entry than requests: request i is bytes starts[i] to starts[i + 1]. */
  starts: Uint32Array
  keyOf: Uint32Array
  kindOf: Uint8Array
  requests: number
}

/** One RESP command; every part is latin1 text, so characters are bytes. */
export function encodeCommand(parts: string[]): string {
  let frame = `*${parts.length}\r\n`
  for (const part of parts) frame += `$${part.length}\r\n${part}\r\n`
  return frame
}

/** Makes the tape of one load thread. The number of requests is a multiple of the pipeline. */
export function makeTape(profile: LoadProfile, seed: number): Tape {
  const requests = countRequests(profile)
  const width = profile.command === 'mset' || profile.command === 'mget' ? MULTI_KEYS : 1
  const keys = new Uint32Array(requests * width)
  drawKeys(keys, profile.keys, profile.distribution, seed)
  const random = new SeededRandom(seed ^ 0x5eed)
  const keyOf = new Uint32Array(requests)
  const kindOf = new Uint8Array(requests)
  const starts = new Uint32Array(requests + 1)
  const frames: string[] = []
  let length = 0
  for (let i = 0; i < requests; i++) {
    keyOf[i] = keys[i * width]
    const read = random.below(100) < MIXED_GET_PERCENT
    const { frame, kind } = makeRequest(profile, keys.subarray(i * width, (i + 1) * width), read)
    kindOf[i] = profile.repliesAreOk ? KIND_OK : kind
    frames.push(frame)
    starts[i] = length
    length += frame.length
  }
  starts[requests] = length
  return { bytes: Buffer.from(frames.join(''), 'latin1'), starts, keyOf, kindOf, requests }
}

function countRequests(profile: LoadProfile): number {
  const keysPerRequest = profile.command === 'mset' || profile.command === 'mget' ? MULTI_KEYS : 1
  const requestBytes = (KEY_OVERHEAD_BYTES + profile.valueBytes) * keysPerRequest
  const fitting = Math.floor(TAPE_BYTES / requestBytes)
  const useful = profile.keys * REQUESTS_PER_KEY
  const wanted = Math.max(TAPE_REQUESTS_MIN, Math.min(TAPE_REQUESTS_MAX, fitting, useful))
  return Math.ceil(wanted / profile.pipeline) * profile.pipeline
}

/** `$16\r\n` key `\r\n$64\r\n` … and the command's own frame, roughly. */
const KEY_OVERHEAD_BYTES = 48

function makeRequest(
  profile: LoadProfile,
  keys: Uint32Array,
  read: boolean,
): { frame: string; kind: number } {
  const first = keys[0]
  switch (profile.command) {
    case 'ping':
      return { frame: encodeCommand(['PING']), kind: KIND_PONG }
    case 'set':
      return { frame: setFrame(first, profile.valueBytes), kind: KIND_OK }
    case 'get':
      return { frame: encodeCommand(['GET', keyName(first)]), kind: KIND_VALUE }
    case 'incr':
      return { frame: encodeCommand(['INCR', keyName(first, COUNTER_FAMILY)]), kind: KIND_INTEGER }
    case 'mixed':
      return read
        ? { frame: encodeCommand(['GET', keyName(first)]), kind: KIND_VALUE }
        : { frame: setFrame(first, profile.valueBytes), kind: KIND_OK }
    case 'mget':
      return { frame: encodeCommand(['MGET', ...names(keys)]), kind: KIND_VALUES }
    case 'mset': {
      const parts = ['MSET']
      for (const key of keys) parts.push(keyName(key), valueText(key, profile.valueBytes))
      return { frame: encodeCommand(parts), kind: KIND_OK }
    }
  }
}

function names(keys: Uint32Array): string[] {
  return Array.from(keys, (key) => keyName(key))
}

/** SET of key number `key` to the value that belongs to it. */
export function setFrame(key: number, valueBytes: number, family?: string): string {
  return encodeCommand(['SET', keyName(key, family), valueText(key, valueBytes)])
}
