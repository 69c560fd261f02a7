// Keys that expire: on access, by themselves, over a restart; and a million of them at once.

import t, { type Test } from 'tap'
import { flagsOf, inEveryConfiguration } from '../support/matrix.ts'
import { cpuMs } from '../support/process-figures.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'
import { until } from '../support/until.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const EXPIRING_KEYS = LONG ? 1_000_000 : 60_000
const BATCH = 5000
const FREED_MS_MAX = 10_000

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

t.test(`${EXPIRING_KEYS} keys that expire at once`, { timeout: 120_000 }, async (t) => {
  const server = await startCkv({
    flags: ['--shards', '1', '--shard-memory', '512mb', '--acceptors', '1', '--workers', '1'],
  })
  t.teardown(() => server.stop())
  const client = await server.connect()
  const at = await fill(client)
  const beforeCpuMs = cpuMs(server.process.pid)
  await until('they expire', 120_000, () => Date.now() >= at)
  const others = await askUntilFreed(t as Test, server, client)
  const usedMs = cpuMs(server.process.pid) - beforeCpuMs
  t.comment(`figure freed in ${Math.round(others.ms)} ms, limit ${FREED_MS_MAX}`)
  t.comment(`figure CPU ${usedMs} ms, ${Math.round((usedMs * 100) / others.ms)} %, limit 25 %`)
  t.comment(`figure slowest reply meanwhile ${others.slowestMs.toFixed(1)} ms`)
  t.ok(others.ms < FREED_MS_MAX || !LONG, 'freed in time')
  await client.close()
})

/** All keys with one time of expiry, far enough that none is gone before the last is written. */
async function fill(client: RespClient): Promise<number> {
  const start = performance.now()
  for (let from = 0; from < EXPIRING_KEYS; from += BATCH) {
    await client.pipeline(
      Array.from({ length: BATCH }, (_, index) => ['SET', `expiring:${from + index}`, 'value']),
    )
  }
  const at = Date.now() + (performance.now() - start) * 2 + 1000
  const whole = String(Math.round(at))
  for (let from = 0; from < EXPIRING_KEYS; from += BATCH) {
    await client.pipeline(
      Array.from({ length: BATCH }, (_, index) => ['PEXPIREAT', `expiring:${from + index}`, whole]),
    )
  }
  return at
}

async function askUntilFreed(
  t: Test,
  server: CkvServer,
  client: RespClient,
): Promise<{ ms: number; slowestMs: number }> {
  const other = await server.connect()
  let slowestMs = 0
  const ms = await until('all are freed', 60_000, async () => {
    const start = performance.now()
    await other.send('GET', 'nothing')
    slowestMs = Math.max(slowestMs, performance.now() - start)
    return (await client.send('DBSIZE')) === 0
  })
  const text = String(await client.send('INFO', 'stats'))
  const expired = Number(/^expired_keys:(\d+)/m.exec(text)?.[1])
  t.ok(expired > EXPIRING_KEYS * 0.99, `INFO counts them: ${expired}`)
  await other.close()
  return { ms, slowestMs }
}
