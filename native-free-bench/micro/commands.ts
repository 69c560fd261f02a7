// Whole commands as a shard executes them: handler, keyspace, arena, log slice, reply; a commit
// after every 64. Keys of 16 bytes, values of 64, drawn at random from 100 thousand or two million.
// Nothing of sockets, rings or disks.

import { SystemClock } from '../../src/base/clock.ts'
import { CKV_VALUE_BYTES_MAX } from '../../src/base/limits.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { findCommand } from '../../src/catalog/lookup.ts'
import { type CommandRow, PROFILE_EXTENDED, WRITE } from '../../src/catalog/spec.ts'
import { Call } from '../../src/command/call.ts'
import { handlersByCode } from '../../src/command/handlers.ts'
import { ShardSide } from '../../src/keyspace/side.ts'
import { loadHasher } from '../../src/log/checksum.ts'
import { openShardLog } from '../../src/log/open.ts'
import { ShardLog, WRITE_OK } from '../../src/log/writer.ts'
import { Arena, formatArena } from '../../src/memory/arena.ts'
import { rowsByteLength } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { ReplyWriter } from '../../src/wire/encoder.ts'
import { KEY_BYTES, keyName, valueText } from '../load/keys.ts'
import type { MicroBench } from './micro-bench.ts'
import { NoFiles } from './no-files.ts'

const SMALL_KEYS = 100_000
const LARGE_KEYS = 2_000_000
const VALUE_BYTES = 64
/** Commands drawn beforehand; more than any cache holds entries of. */
const TAPE_COMMANDS = 1_048_576
const COMMIT_COMMANDS = 64
const COMMITS = 32
const ARENA_BYTES = 1_073_741_824
const SLICE_BYTES = 4_194_304
const SEGMENT_BYTES_MAX = 1_073_741_824
const REPLY_BYTES = 1_048_576
const INSTANCE = 'crs-bench000'

/** What one operation sends; `key` stands for the drawn key, `value` for 64 bytes. */
const OPERATIONS: Record<string, readonly (readonly string[])[]> = {
  get: [['GET', 'key']],
  set: [['SET', 'key', 'value']],
  incr: [['INCR', 'key']],
  append: [['APPEND', 'key', '.']],
  exists: [['EXISTS', 'key']],
  'del-set': [
    ['DEL', 'key'],
    ['SET', 'key', 'value'],
  ],
  mset: [['MSET', 'key', 'value', '{ckv:}other', 'value']],
  expire: [['EXPIRE', 'key', '100000']],
  incrbyfloat: [['INCRBYFLOAT', 'key', '0.5']],
}

function openSide(): ShardSide {
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(1)))
  const files = new NoFiles()
  const clock = new SystemClock()
  const shared = { files, rows, side: 0, shard: 0, instance: INSTANCE, generation: 1 }
  openShardLog({
    ...shared,
    directory: 'nowhere',
    sliceBytes: SLICE_BYTES,
    epoch: 1,
    number: 1,
    startLsn: 0,
    nowMs: clock.wallMs(),
  })
  const log = new ShardLog({
    ...shared,
    slice: new Uint8Array(new SharedArrayBuffer(SLICE_BYTES)),
    clock,
    thread: 1,
    segmentBytesMax: SEGMENT_BYTES_MAX,
  })
  const arena = new Arena([new SharedArrayBuffer(ARENA_BYTES)])
  formatArena(arena)
  return new ShardSide(0, 0, rows, arena, log, 0x0706050, 0x1122334)
}

interface Command {
  readonly row: CommandRow
  readonly starts: Int32Array
  readonly lengths: Int32Array
  /** Argument that is the drawn key. */
  readonly keyIndex: number
}

class Runner {
  readonly #side = openSide()
  readonly #call: Call
  readonly #commands: Command[] = []
  /** | fixed words and values | key | key | … */
  #bytes = Buffer.alloc(0)
  #keysAt = 0
  #next = 0

  constructor() {
    const clock = new SystemClock()
    const reply = new ReplyWriter(REPLY_BYTES, REPLY_BYTES)
    const sides = [this.#side]
    const row = rowOf('GET')
    const random = new SeededRandom(1)
    const profile = PROFILE_EXTENDED
    this.#call = new Call(clock, random, 1, profile, CKV_VALUE_BYTES_MAX, sides, row, reply)
    this.#call.nowMs = clock.wallMs()
  }

  /** Says what `run` does from now on: these commands, over keys with these numbers. */
  load(commands: readonly (readonly string[])[], value: string, keys: Uint32Array): void {
    const parts: Buffer[] = []
    let at = 0
    this.#commands.length = 0
    for (const words of commands) {
      const starts = new Int32Array(words.length)
      const lengths = new Int32Array(words.length)
      for (let index = 0; index < words.length; index++) {
        const word = words[index] === 'value' ? value : words[index]
        starts[index] = at
        lengths[index] = words[index] === 'key' ? KEY_BYTES : word.length
        if (words[index] === 'key') continue
        parts.push(Buffer.from(word, 'latin1'))
        at += word.length
      }
      this.#commands.push({ row: rowOf(words[0]), starts, lengths, keyIndex: words.indexOf('key') })
    }
    this.#keysAt = at
    this.#bytes = Buffer.alloc(at + keys.length * KEY_BYTES)
    Buffer.concat(parts).copy(this.#bytes)
    for (const key of keys) at += this.#bytes.write(keyName(key), at, 'latin1')
    this.#next = at - keys.length * KEY_BYTES
  }

  run(count: number): number {
    const { reply } = this.#call
    const { log } = this.#side
    this.#call.bytes = this.#bytes
    let written = 0
    for (let done = 0; done < count; done += COMMIT_COMMANDS) {
      // The token of a row that nobody took is 0.
      log.attach(0, this.#call.nowMs)
      for (let index = 0; index < COMMIT_COMMANDS && done + index < count; index++) this.#step()
      if (log.uncommitted() && log.commit(this.#call.nowMs) !== WRITE_OK) {
        throw new Error('a commit failed')
      }
      if (reply.bytes[0] === 0x2d) throw new Error(reply.bytes.subarray(0, 80).toString())
      written += reply.position
      reply.clear()
    }
    return written
  }

  #step(): void {
    const call = this.#call
    for (let index = 0; index < this.#commands.length; index++) {
      const command = this.#commands[index]
      command.starts[command.keyIndex] = this.#next
      call.row = command.row
      call.starts = command.starts
      call.lengths = command.lengths
      call.argCount = command.starts.length
      if ((command.row.flags & WRITE) !== 0 && !this.#side.log.writable(call.nowMs)) {
        throw new Error('the log is not healthy')
      }
      handlersByCode[command.row.code]?.(call)
    }
    this.#next += KEY_BYTES
    if (this.#next === this.#bytes.length) this.#next = this.#keysAt
  }
}

function rowOf(name: string): CommandRow {
  const row = findCommand(Buffer.from(name), 0, name.length)
  if (row === undefined) throw new Error(`no command ${name}`)
  return row
}

async function commandBench(operation: string, keyCount: number): Promise<MicroBench> {
  await loadHasher()
  const runner = new Runner()
  const isNumber = operation.startsWith('incr')
  const value = isNumber ? '1000000' : valueText(1, VALUE_BYTES)
  const all = Uint32Array.from({ length: keyCount }, (_, index) => index)
  runner.load([['SET', 'key', 'value']], value, all)
  runner.run(keyCount)
  const random = new SeededRandom(2)
  const drawn = Uint32Array.from({ length: TAPE_COMMANDS }, () => random.below(keyCount))
  runner.load(OPERATIONS[operation], value, drawn)
  const operations = COMMITS * COMMIT_COMMANDS
  return {
    name: `command-${operation}`,
    reference: 'memory',
    operations,
    run: () => runner.run(operations),
  }
}

/** `command-get` over 100 thousand keys, `command-get-2m` over two million, and so on. */
export const COMMAND_BENCHES: Record<string, () => Promise<MicroBench>> = {}
for (const operation of Object.keys(OPERATIONS)) {
  COMMAND_BENCHES[`command-${operation}`] = () => commandBench(operation, SMALL_KEYS)
  COMMAND_BENCHES[`command-${operation}-2m`] = () => commandBench(operation, LARGE_KEYS)
}
