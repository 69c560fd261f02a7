// What each profile serves, refuses and does differently, asked by name over the wire.

import t, { type Test } from 'tap'
import { REFUSED_NAMES } from '../../src/catalog/refused.ts'
import { flagsOf } from '../support/matrix.ts'
import type { RespClient } from '../support/resp-client.ts'
import { startCkv } from '../support/server.ts'

const CROSSSLOT = { error: "CROSSSLOT Keys in request don't hash to the same slot" }
const OK = { simple: 'OK' }

async function inProfile(
  t: Test,
  profile: string,
  body: (client: RespClient) => Promise<void>,
): Promise<void> {
  const flags = flagsOf({ dispatch: 'auto', acceptors: 1, workers: 2 })
  const server = await startCkv({ flags: [...flags, '--profile', profile] })
  t.teardown(() => server.stop())
  const client = await server.connect()
  await body(client)
  await client.close()
}

async function checkPttl(t: Test, client: RespClient, isWholeSeconds: boolean): Promise<void> {
  await client.send('SET', 'expiring', 'v')
  await client.send('PEXPIRE', 'expiring', '100500')
  const pttl = Number(await client.send('PTTL', 'expiring'))
  if (isWholeSeconds) t.equal(pttl, 101_000, 'PTTL in whole seconds, rounded up')
  else t.ok(pttl > 95_000 && pttl <= 100_500 && pttl !== 101_000, `PTTL in ms: ${pttl}`)
}

t.test('ckv', async (t) => {
  await inProfile(t as Test, 'ckv', async (client) => {
    t.equal(REFUSED_NAMES.length, 65)
    for (const name of REFUSED_NAMES) {
      const words = name.split(' ')
      for (const line of [words, [...words, 'a', 'b', 'c', 'd', 'e', 'f']]) {
        const { error } = (await client.send(...line)) as { error: string }
        t.match(error, new RegExp(`^NOPERM command '${name}' is not served in`), line.join(' '))
      }
    }
    t.same(await client.send('HELLO', '3'), { error: "ERR unknown command 'HELLO'" })
    t.same(await client.send('RENAME', 'foo', 'bar'), CROSSSLOT)
    t.same(await client.send('MSETNX', 'foo', '1', 'bar', '2'), CROSSSLOT)
    t.same(await client.send('DEL', 'foo', 'bar'), CROSSSLOT)
    t.same(await client.send('MSET', 'foo', '1', 'bar', '2'), OK)
    t.same(await client.send('MGET', 'foo', 'bar', 'no'), ['1', '2', null])
    t.same(await client.send('RENAME', '{foo}x', 'foo'), { error: 'ERR no such key' })
    await checkPttl(t as Test, client, true)
  })
})

t.test('ckv with a password: HELLO before AUTH is unknown, so clients fall back', async (t) => {
  const environment = { CKV_PASSWORD: 'secret' }
  const server = await startCkv({ flags: ['--profile', 'ckv'], environment })
  t.teardown(() => server.stop())
  const client = await server.connect()
  t.same(await client.send('HELLO', '3'), { error: "ERR unknown command 'HELLO'" })
  t.same(await client.send('GET', 'a'), { error: 'NOAUTH Authentication required.' })
  t.same(await client.send('NONE', 'a'), { error: 'NOAUTH Authentication required.' })
  await client.close()
})

t.test('extended', async (t) => {
  await inProfile(t as Test, 'extended', async (client) => {
    t.match(JSON.stringify(await client.send('HELLO', '3')), /"proto",3/)
    t.same(await client.send('MSET', 'foo', '1', 'bar', '2'), OK)
    t.same(await client.send('DEL', 'foo', 'bar'), CROSSSLOT)
    const keys = (await client.send('KEYS', '*')) as string[]
    t.same(keys.sort(), ['bar', 'foo'], 'KEYS of all shards')
    t.equal(await client.send('UNLINK', 'foo'), 1)
    await checkPttl(t as Test, client, true)
  })
})

t.test('redis', async (t) => {
  await inProfile(t as Test, 'redis', async (client) => {
    t.same(await client.send('MSET', 'foo', '1', 'bar', '2', 'hello', '3'), OK)
    t.equal(await client.send('MSETNX', 'foo', '9', 'fresh', '9'), 0, 'one is there: none is set')
    t.equal(await client.send('EXISTS', 'foo', 'bar', 'hello', 'fresh'), 3)
    t.same(await client.send('RENAME', 'foo', 'moved'), OK, 'RENAME over shards')
    t.same(await client.send('MGET', 'foo', 'moved'), [null, '1'])
    t.equal(await client.send('RENAMENX', 'moved', 'bar'), 0)
    t.equal(await client.send('BITOP', 'OR', 'result', 'moved', 'bar', 'hello'), 1)
    t.equal(await client.send('GET', 'result'), '3')
    t.equal(await client.send('DEL', 'moved', 'bar', 'hello', 'result', 'no'), 4)
    t.equal(await client.send('MSETNX', 'a', '1', 'b', '2', 'c', '3'), 1)
    t.equal(await client.send('DBSIZE'), 3)
    await checkPttl(t as Test, client, false)
    const unknown = (await client.send('nosuch', 'x')) as { error: string }
    t.equal(unknown.error, "ERR unknown command 'nosuch', with args beginning with: 'x' ")
    t.same(await client.send('SELECT', '16'), { error: 'ERR DB index is out of range' })
  })
})
