// The load generator's parts without sockets, then the whole of it against small servers.

import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import t from 'tap'
import { LoadClient } from '../../native-free-bench/load/client.ts'
import { commandEnd, startEchoServer } from '../../native-free-bench/load/echo-server.ts'
import { drawKeys, keyName, valueText } from '../../native-free-bench/load/keys.ts'
import { type LoadProfile, PROFILE_DEFAULTS } from '../../native-free-bench/load/profile.ts'
import { FramedReplies, noFaults, ParsedReplies } from '../../native-free-bench/load/replies.ts'
import { KIND_VALUE, makeTape, setFrame } from '../../native-free-bench/load/tape.ts'
import { blocksOf, cellName } from '../../native-free-bench/matrix.ts'
import { BASE_CELL } from '../../native-free-bench/presets/preset.ts'

const SMALL: LoadProfile = { ...PROFILE_DEFAULTS, keys: 100, valueBytes: 8, pipeline: 4 }

t.test('keys are 16 bytes and values depend on them', async (t) => {
  t.equal(keyName(7), 'ckv:000000000007')
  t.equal(valueText(255, 5), 'ff.ff')
  t.equal(valueText(1, 0), '')
})

t.test('distributions stay in range; the same seed draws the same keys', async (t) => {
  for (const distribution of ['uniform', 'zipf', 'sequential'] as const) {
    const first = new Uint32Array(5000)
    const second = new Uint32Array(5000)
    drawKeys(first, 50, distribution, 3)
    drawKeys(second, 50, distribution, 3)
    t.same(first, second)
    t.ok(first.every((key) => key < 50))
  }
})

t.test('zipf has few hot keys, uniform has none', async (t) => {
  const hottest = (distribution: 'uniform' | 'zipf'): number => {
    const keys = new Uint32Array(20_000)
    drawKeys(keys, 1000, distribution, 1)
    const counts = new Uint32Array(1000)
    for (const key of keys) counts[key]++
    return Math.max(...counts)
  }
  t.ok(hottest('zipf') > 1500)
  t.ok(hottest('uniform') < 60)
})

t.test('a tape is whole requests, a multiple of the pipeline', async (t) => {
  for (const command of ['set', 'get', 'mset', 'mget', 'mixed', 'incr', 'ping'] as const) {
    const tape = makeTape({ ...SMALL, command, pipeline: 7 }, 1)
    t.equal(tape.requests % 7, 0)
    t.equal(tape.starts[tape.requests], tape.bytes.length)
    for (const request of [0, 1, tape.requests - 1]) {
      t.equal(commandEnd(tape.bytes, tape.starts[request]), tape.starts[request + 1])
    }
  }
})

t.test('the mixed load is 80 % GET', async (t) => {
  const tape = makeTape({ ...SMALL, command: 'mixed', keys: 10_000 }, 1)
  const reads = tape.kindOf.reduce((sum, kind) => sum + (kind === KIND_VALUE ? 1 : 0), 0)
  t.ok(Math.abs(reads / tape.requests - 0.8) < 0.02)
})

function getTape() {
  return makeTape({ ...SMALL, command: 'get' }, 1)
}

function getReply(tape: ReturnType<typeof getTape>, request: number): string {
  return `$8\r\n${valueText(tape.keyOf[request], 8)}\r\n`
}

t.test('both readers take right replies in any splitting', async (t) => {
  const tape = getTape()
  const all = Buffer.from([0, 1, 2, 3].map((i) => getReply(tape, i)).join(''), 'latin1')
  for (const Reader of [ParsedReplies, FramedReplies]) {
    for (let cut = 1; cut < all.length; cut++) {
      const faults = noFaults()
      const reader = new Reader(tape, 8, faults)
      reader.expectFrom(0)
      const count = reader.take(all.subarray(0, cut)) + reader.take(all.subarray(cut))
      t.equal(count, 4)
      t.same(faults, noFaults())
    }
  }
})

t.test('wrong replies are found', async (t) => {
  const tape = getTape()
  const wrong = { errors: 0, misses: 0, mismatches: 0 }
  const cases = [
    ['-ERR no\r\n', { ...wrong, errors: 1 }],
    ['$-1\r\n', { ...wrong, misses: 1 }],
    ['$3\r\nabc\r\n', { ...wrong, mismatches: 1 }],
    [':1\r\n', { ...wrong, mismatches: 1 }],
    ['$8\r\nzzzzzzzz\r\n', { ...wrong, mismatches: 1 }],
  ] as const
  for (const [reply, expected] of cases) {
    const faults = noFaults()
    const parsed = new ParsedReplies(tape, 8, faults)
    t.equal(parsed.take(Buffer.from(reply)), 1)
    t.match(faults, expected)
    t.not(faults.first, '')
  }
  for (const reply of ['-ERR no\r\n', '$-1\r\n', ':1\r\n', '$3\r\nabc\r\n$8\r\nabcdefgh\r\n']) {
    const framed = new FramedReplies(tape, 8, noFaults())
    t.throws(() => framed.take(Buffer.from(reply)), /unexpected reply/)
  }
  const faults = noFaults()
  new FramedReplies(tape, 8, faults).take(Buffer.from('$8\r\nzzzzzzzz\r\n'))
  t.equal(faults.mismatches, 1)
})

t.test('the echo server finds command ends', async (t) => {
  const frame = Buffer.from(setFrame(1, 8), 'latin1')
  for (let cut = 1; cut < frame.length; cut++) t.equal(commandEnd(frame.subarray(0, cut), 0), -1)
  t.equal(commandEnd(frame, 0), frame.length)
  t.throws(() => commandEnd(Buffer.from('PING\r\n'), 0))
})

t.test('cells with the same keys and connections share their servers', async (t) => {
  const get = { ...BASE_CELL, command: 'get' as const }
  const deep = { ...BASE_CELL, pipeline: 16 }
  const few = { ...deep, connections: 1 }
  t.same(blocksOf([BASE_CELL, get, deep, few]), [[BASE_CELL, get, deep], [few]])
  t.equal(cellName({ ...deep, valueBytes: 1024 }), 'set 50x16 1024B')
})

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

const client = new LoadClient(2)
t.teardown(() => client.close())

/** A small load on this port; the echo server answers +OK to all of it. */
function loadOn(port: number): LoadProfile {
  const short = { connections: 4, warmupMs: 20, measureMs: 150, repliesAreOk: true }
  return { ...SMALL, ...short, port }
}

t.test('closed loop, two threads, both reply checks', async (t) => {
  const echo = await startEchoServer(0)
  t.teardown(() => echo.close())
  for (const replyCheck of ['parser', 'frames'] as const) {
    let opened = 0
    let closed = 0
    const hooks = { opened: () => opened++, closed: () => closed++ }
    const result = await client.runLoad({ ...loadOn(echo.port), threads: 2, replyCheck }, hooks)
    t.ok(result.commands > 0)
    t.same(result.faults, noFaults())
    t.ok(result.latency.p50Us > 0 && result.latency.p50Us <= result.latency.p99Us)
    t.ok(result.slices.length > 0)
    t.same([opened, closed], [1, 1])
  }
})

t.test('open loop keeps its rate, spinning or with timers', async (t) => {
  const echo = await startEchoServer(0)
  t.teardown(() => echo.close())
  for (const ratePerSecond of [800, 200]) {
    const result = await client.runLoad({ ...loadOn(echo.port), ratePerSecond, pipeline: 1 })
    t.ok(result.throughput < ratePerSecond * 3)
    t.ok(result.commands > 0)
  }
})

t.test('a server that never answers is measured, not waited for', async (t) => {
  const silent = createServer((socket) => socket.on('error', () => {}))
  const port = await listen(silent)
  t.teardown(() => silent.close())
  const open = { ...loadOn(port), ratePerSecond: 1000, pipeline: 1, measureMs: 100 }
  const result = await client.runLoad(open)
  t.equal(result.commands, 0)
  t.ok(result.unsent > 0)
  // The requests it kept waiting count with the time they waited.
  t.ok(result.latency.maxUs > 50_000)
})

t.test('errors, hang-ups and closed ports are reported', async (t) => {
  const rude = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.end('-ERR no\r\n'))
  })
  const load = loadOn(await listen(rude))
  t.teardown(() => rude.close())
  await t.rejects(client.runLoad({ ...load, replyCheck: 'frames' }), /unexpected reply/)
  await t.rejects(client.runLoad(load), /closed a connection/)
  await t.rejects(client.runLoad({ ...load, port: 1 }), /ECONNREFUSED/)
})

t.test('filling stores every key and stops at the first error', async (t) => {
  const echo = await startEchoServer(0)
  t.teardown(() => echo.close())
  const job = { host: '127.0.0.1', port: echo.port, from: 0, to: 1200, valueBytes: 8 }
  await client.fillKeys(job)
  const full = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write('-OOM full\r\n'))
  })
  const port = await listen(full)
  t.teardown(() => full.close())
  await t.rejects(client.fillKeys({ ...job, port }), /OOM full/)
  await t.rejects(client.fillKeys({ ...job, port: 1 }), /ECONNREFUSED/)
})
