// What was acknowledged is there after every kind of end; and how a server ends.

import { readdirSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { flagsOf } from '../support/matrix.ts'
import { MixedCommands } from '../support/mixed-commands.ts'
import { isAlive } from '../support/process-figures.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'
import { until } from '../support/until.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const ROUNDS = LONG ? 20 : 1
const STOP_MS_MAX = 5000
const WRITERS = 6
const WRITES_AT_LEAST = 2000
const PIPELINE = 16
const FLAGS = flagsOf({ dispatch: 'auto', acceptors: 2, workers: 2 })

/** Every key of the first databases with its value and expiry, read through the server. */
async function contents(client: RespClient): Promise<Map<string, Reply>> {
  const found = new Map<string, Reply>()
  for (let database = 0; database < 3; database++) {
    await client.send('SELECT', String(database))
    const keys = (await client.send('KEYS', '*')) as string[]
    const values = await client.pipeline(keys.map((key) => ['GET', key]))
    const expires = await client.pipeline(keys.map((key) => ['TTL', key]))
    for (const [index, key] of keys.entries()) {
      found.set(`${database} ${key}`, [values[index], Number(expires[index]) > 0])
    }
  }
  return found
}

/** Keys that are not as before. */
function differences(before: Map<string, Reply>, after: Map<string, Reply>): string[] {
  const keys = new Set([...before.keys(), ...after.keys()])
  return [...keys].filter((key) => {
    return JSON.stringify(before.get(key)) !== JSON.stringify(after.get(key))
  })
}

t.test('everything is there again', async (t) => {
  const directory = makeDirectory()
  t.teardown(() => removeDirectory(directory))
  let server = await startCkv({ directory, flags: FLAGS })
  let client = await server.connect()
  const commands = new MixedCommands(new SeededRandom(3), 'kept', true, 5000).take(1500)
  await client.pipeline(commands.map(({ words }) => words))
  await client.pipeline([
    ['SELECT', '0'],
    ['SET', 'expiring', 'v', 'EX', '1000'],
    ['SET', 'large', 'x'.repeat(3_000_000)],
    ['SETBIT', 'bits', '100000', '1'],
    ['INCRBYFLOAT', 'float', '1.5'],
  ])
  const before = await contents(client)
  await client.close()
  for (const end of ['SIGTERM', 'kill -9', 'SIGINT', 'kill -9'] as const) {
    if (end === 'kill -9') await server.killNine()
    else {
      server.process.kill(end)
      t.same(await server.process.exited, { code: 0, signal: null }, `exit code after ${end}`)
    }
    server = await startCkv({ directory, flags: FLAGS })
    client = await server.connect()
    t.same(differences(before, await contents(client)), [], `after ${end}: ${before.size} keys`)
    // Each start writes something more, so the next recovery goes over what this one appended.
    await client.pipeline([
      ['SELECT', '0'],
      ['INCR', `started-${end}`],
    ])
    for (const [key, value] of await contents(client)) before.set(key, value)
    await client.close()
  }
  t.match(server.process.stdout, /, \d+ keys recovered in \d+ ms/)
  await server.stop()
})

interface Ledger {
  readonly acknowledged: Map<string, string>
  /** Sent last, perhaps not acknowledged: the values a key may have. */
  readonly maybe: Map<string, Set<string>>
}

/** Writes unique values until the connection ends. */
async function writeUntilEnd(client: RespClient, name: string, ledger: Ledger): Promise<void> {
  for (let round = 0; ; round++) {
    const pairs = Array.from({ length: PIPELINE }, (_, index) => [
      `${name}:${(round * PIPELINE + index) % 500}`,
      `${round}-${index}`,
    ])
    for (const [key, value] of pairs) {
      const values = ledger.maybe.get(key) ?? new Set()
      ledger.maybe.set(key, values.add(value))
    }
    const replies = client.pipeline(pairs.map(([key, value]) => ['SET', key, value]))
    const isDone = await replies.then(
      () => true,
      () => false,
    )
    if (!isDone) return
    for (const [key, value] of pairs) {
      ledger.acknowledged.set(key, value)
      ledger.maybe.set(key, new Set())
    }
  }
}

async function loadAndEnd(
  server: CkvServer,
  end: (server: CkvServer) => Promise<unknown>,
): Promise<Ledger> {
  const ledger: Ledger = { acknowledged: new Map(), maybe: new Map() }
  const clients = await Promise.all(Array.from({ length: WRITERS }, () => server.connect()))
  const writers = clients.map((client, index) => writeUntilEnd(client, `w${index}`, ledger))
  await until('load', 20_000, () => ledger.acknowledged.size >= WRITES_AT_LEAST)
  await end(server)
  await Promise.all(writers)
  return ledger
}

async function lostOf(server: CkvServer, { acknowledged, maybe }: Ledger): Promise<string[]> {
  const client = await server.connect()
  const keys = [...acknowledged.keys()]
  const values = await client.pipeline(keys.map((key) => ['GET', key]))
  await client.close()
  return keys.filter((key, index) => {
    const value = values[index]
    if (value === acknowledged.get(key)) return false
    return typeof value !== 'string' || !maybe.get(key)?.has(value)
  })
}

for (const end of ['SIGTERM', 'kill -9'] as const) {
  t.test(`${end} under load loses nothing that was acknowledged`, async (t) => {
    const directory = makeDirectory()
    t.teardown(() => removeDirectory(directory))
    let acknowledged = 0
    for (let round = 0; round < ROUNDS; round++) {
      const server = await startCkv({ directory, flags: FLAGS })
      const ledger = await loadAndEnd(server, () => endOf(t as Test, server, end))
      acknowledged += ledger.acknowledged.size
      const again = await startCkv({ directory, flags: FLAGS })
      t.same(await lostOf(again, ledger), [], 'acknowledged writes that are lost')
      await again.stop()
    }
    t.comment(`figure acknowledged writes checked: ${acknowledged}`)
  })
}

async function endOf(t: Test, server: CkvServer, end: 'SIGTERM' | 'kill -9'): Promise<void> {
  if (end === 'kill -9') {
    await server.killNine()
    return
  }
  const start = performance.now()
  server.process.kill('SIGTERM')
  server.process.kill('SIGTERM')
  const exit = await server.process.exited
  const ms = Math.round(performance.now() - start)
  t.same(exit, { code: 0, signal: null }, 'SIGTERM twice: exit code 0')
  t.ok(ms <= STOP_MS_MAX, `figure stop under load: ${ms} ms, limit ${STOP_MS_MAX}`)
  t.equal(server.process.stderr.match(/^\s+at /m), null, 'no stack trace')
}

t.test('nothing of a server stays', async (t) => {
  const server = await startCkv({ flags: FLAGS })
  const { pid } = server.process
  const idle = await server.connect()
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  )
  t.same(await server.stop(), { code: 0, signal: null }, 'an idle client does not hold it up')
  await idle.closed
  t.notOk(isAlive(pid))
  t.same(
    children.filter((child) => isAlive(Number(child))),
    [],
    `none of its ${children.length} children lives`,
  )
})
