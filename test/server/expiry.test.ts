// Keys that expire: on access, by themselves, over a restart; and a million of them at once.

import t, { type Test } from 'tap'
import { flagsOf, inEveryConfiguration } from '../support/matrix.ts'
import { cpuMs } from '../support/process-figures.ts'
import { RawClient } from '../support/raw-client.ts'
import { encodeWords } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'
import { until } from '../support/until.ts'

const LONG = process.env.CI === 'true' || process.env.CKV_TEST_LONG !== undefined
const EXPIRING_KEYS = LONG ? 1_000_000 : 60_000
const BATCH = 5000
const FREED_MS_MAX = 10_000
/** Where the idle shard's own GETs are late, the machine has others to serve: no fair limit. */
const QUIET_GET_MS_MAX = 2
const FREED_MS_MAX_BUSY = 40_000
/** How long the shard is watched before the keys expire. */
const CONTROL_MS = 3000
const CONTROL_MARGIN_MS = 500
const GET_EVERY_MS = 4

t.test('lazy and active', async (t) => {
  await inEveryConfiguration(t, [], async (t, server) => {
    const client = await server.connect()
    await client.pipeline([
      ['SET', 'lazy', 'v', 'PX', '60'],
      ['SET', 'kept', 'v', 'EX', '1000'],
      ['SET', 'persisted', 'v', 'PX', '60'],
      ['PERSIST', 'persisted'],
      ['SET', 'overwritten', 'v', 'PX', '60'],
      ['SET', 'overwritten', 'w'],
      ['SETEX', 'renamed', '1000', 'v'],
      ['SET', 'past', 'v'],
    ])
    t.equal(await client.send('EXPIRE', 'past', '-1'), 1, 'an expiry in the past deletes')
    t.same(
      await client.pipeline([
        ['EXISTS', 'past'],
        ['TTL', 'past'],
      ]),
      [0, -2],
    )
    const ttl = Number(await client.send('TTL', 'kept'))
    t.ok(ttl > 900 && ttl <= 1000, `TTL ${ttl}`)
    t.equal(await client.send('TTL', 'persisted'), -1)
    await until('the key is gone for readers', 5000, async () => {
      return (await client.send('GET', 'lazy')) === null
    })
    t.same(await client.send('MGET', 'persisted', 'overwritten', 'kept'), ['v', 'w', 'v'])
    const many = Array.from({ length: 2000 }, (_, at) => ['SET', `active${at}`, 'v', 'PX', '50'])
    await client.pipeline(many)
    const ms = await until('expired keys are freed without being asked for', 10_000, async () => {
      return (await client.send('DBSIZE')) === 4
    })
    t.comment(`figure 2000 expired keys gone after ${Math.round(ms)} ms`)
    await checkWithinMillisecond(t, client)
    await client.close()
  })
})

/** A key is never seen behind its time, however it is read. */
async function checkWithinMillisecond(t: Test, client: RespClient): Promise<void> {
  const [seconds, micros] = (await client.send('TIME')) as string[]
  const at = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) + 80
  await client.pipeline([
    ['SET', 'exact', 'v'],
    ['PEXPIREAT', 'exact', String(at)],
  ])
  for (;;) {
    const before = await client.send('TIME')
    const value = await client.send('GET', 'exact')
    const after = await client.send('TIME')
    const [beforeMs, afterMs] = [before, after].map((time) => {
      const [s, us] = time as string[]
      return Number(s) * 1000 + Number(us) / 1000
    })
    if (value === 'v' && beforeMs >= at + 1) return void t.fail(`seen ${beforeMs - at} ms late`)
    if (value === null && afterMs < at) return void t.fail(`gone ${at - afterMs} ms early`)
    if (value === null) return void t.pass('gone at its millisecond')
  }
}

t.test('expiry over a restart', async (t) => {
  const directory = makeDirectory()
  t.teardown(() => removeDirectory(directory))
  const flags = flagsOf({ dispatch: 'auto', acceptors: 1, workers: 1 })
  const server = await startCkv({ directory, flags })
  const client = await server.connect()
  await client.pipeline([
    ['SET', 'short', 'v', 'PX', '100'],
    ['SET', 'long', 'v', 'EX', '1000'],
    ['SET', 'counter', '5', 'PX', '100'],
  ])
  await client.close()
  await server.killNine()
  const again = await startCkv({ directory, flags })
  const reader = await again.connect()
  t.same(await reader.send('MGET', 'short', 'long'), [null, 'v'], 'what expired meanwhile is gone')
  t.equal(await reader.send('INCR', 'counter'), 1, 'and begins anew')
  t.equal(await reader.send('TTL', 'counter'), -1)
  t.ok(Number(await reader.send('TTL', 'long')) > 900)
  await reader.close()
  await again.stop()
})

t.test(`${EXPIRING_KEYS} keys that expire at once`, { timeout: 240_000 }, async (t) => {
  const server = await startCkv({
    flags: ['--shards', '1', '--shard-memory', '512mb', '--acceptors', '1', '--workers', '1'],
  })
  t.teardown(() => server.stop())
  const client = await server.connect()
  await client.send('SET', 'lasting', 'value')
  const at = await fill(t as Test, server)
  const idle = await watch(server, async () => {
    t.equal(await client.send('DBSIZE'), EXPIRING_KEYS + 1, 'none is gone yet')
    await until('a look at the idle shard', 60_000, () => Date.now() >= at - CONTROL_MARGIN_MS)
  })
  await until('they expire', 60_000, () => Date.now() >= at)
  const freeing = await watch(server, async () => {
    await until('all are freed', FREED_MS_MAX_BUSY, async () => (await client.send('DBSIZE')) === 1)
  })
  const text = String(await client.send('INFO', 'stats'))
  t.equal(Number(/^expired_keys:(\d+)/m.exec(text)?.[1]), EXPIRING_KEYS, 'INFO counts them')
  t.equal(await client.send('GET', 'lasting'), 'value')
  t.comment(`figure ${EXPIRING_KEYS} keys freed in ${Math.round(freeing.ms)} ms, limit 10000`)
  const ofCore = (used: Watched): number => Math.round((used.cpuMs * 100) / used.ms)
  t.comment(`figure CPU ${ofCore(freeing)} % of a core, idle ${ofCore(idle)} %, limit 25 %`)
  t.comment(`figure GET meanwhile in ms: ${latencies(freeing)}`)
  t.comment(`figure GET of the idle shard: ${latencies(idle)}`)
  const isQuiet = latencyAt(idle, 0.99) < QUIET_GET_MS_MAX
  t.ok(freeing.ms < FREED_MS_MAX || !isQuiet, `freed in time, the machine is quiet: ${isQuiet}`)
  await client.close()
})

/** All keys with one time of expiry, far enough that none is gone before the last is written. */
async function fill(t: Test, server: CkvServer): Promise<number> {
  await setAll(server, EXPIRING_KEYS / 20, [])
  const trial = EXPIRING_KEYS / 5
  const allMs = ((await setAll(server, trial, [])) * EXPIRING_KEYS) / trial
  const at = Math.ceil(Date.now() + 1.5 * allMs + CONTROL_MS + CONTROL_MARGIN_MS)
  const tookMs = await setAll(server, EXPIRING_KEYS, ['PXAT', String(at)])
  t.comment(`figure ${EXPIRING_KEYS} keys set in ${Math.round(tookMs)} ms`)
  t.ok(Date.now() < at - CONTROL_MARGIN_MS, 'all were set before their time')
  return at
}

/** How long it took to set so many keys, in ms. */
async function setAll(server: CkvServer, count: number, options: string[]): Promise<number> {
  const client = await RawClient.connect(server)
  const start = performance.now()
  let replyBytes = 0
  for (let from = 0; from < count; from += BATCH) {
    const commands = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) =>
      encodeWords(['SET', `expiring:${from + index}`, 'value', ...options]),
    )
    await client.write(Buffer.concat(commands))
    replyBytes += commands.length * '+OK\r\n'.length
  }
  const replies = await client.waitForBytes(replyBytes)
  if (/[^+OK\r\n]/.test(replies.toString('latin1'))) throw new Error('a SET failed')
  await client.close()
  return performance.now() - start
}

interface Watched {
  readonly ms: number
  /** Of all threads of the server. */
  readonly cpuMs: number
  /** Of GETs of another client, a few milliseconds apart, in ascending order. */
  readonly latenciesMs: number[]
}

/** Asks for a key of the shard, slowly, while `body` runs. */
async function watch(server: CkvServer, body: () => Promise<void>): Promise<Watched> {
  const other = await server.connect()
  const latenciesMs: number[] = []
  let over = false
  const asking = (async () => {
    while (!over) {
      const start = performance.now()
      await other.send('GET', 'lasting')
      latenciesMs.push(performance.now() - start)
      await new Promise((resolve) => setTimeout(resolve, GET_EVERY_MS))
    }
  })()
  const start = performance.now()
  const beforeCpuMs = cpuMs(server.process.pid)
  try {
    await body()
  } finally {
    over = true
    await asking
    await other.close()
  }
  const ms = performance.now() - start
  const used = cpuMs(server.process.pid) - beforeCpuMs
  return { ms, cpuMs: used, latenciesMs: latenciesMs.sort((a, b) => a - b) }
}

/** In ms; `share` 0.99 is the p99. */
function latencyAt({ latenciesMs }: Watched, share: number): number {
  return latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(share * latenciesMs.length))]
}

function latencies(watched: Watched): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => latencyAt(watched, share).toFixed(2))
  return `p50 ${p50}, p99 ${p99}, most ${most} (${watched.latenciesMs.length} of them)`
}
