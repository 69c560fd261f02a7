// A shard without memory left: writes that need some are refused and change nothing, everything
// else works, other shards notice nothing, and room made is room again.

import t from 'tap'
import { inEveryConfiguration } from '../support/matrix.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'

const OOM = { error: "OOM command not allowed when used memory > 'maxmemory'." }
const OK = { simple: 'OK' }
const BATCH = 200
const VALUE = 'v'.repeat(2000)

/** Fills the shard of the tag; how many keys went in. */
async function fill(client: RespClient): Promise<number> {
  for (let count = 0; ; ) {
    const batch = Array.from({ length: BATCH }, (_, at) => ['SET', `{full}${count + at}`, VALUE])
    const replies = await client.pipeline(batch)
    const stored = replies.filter((reply) => JSON.stringify(reply) === JSON.stringify(OK)).length
    count += stored
    if (stored < BATCH) return count
  }
}

t.test('a full shard', async (t) => {
  await inEveryConfiguration(t, ['--shard-memory', '8mb'], async (t, server) => {
    const client = await server.connect()
    const count = await fill(client)
    t.ok(count > 1000, `${count} keys of ${VALUE.length} bytes fit in 8 MB`)
    const keys = await client.send('DBSIZE')

    const big = VALUE.repeat(100)
    for (const words of [
      ['SET', '{full}new', big],
      ['APPEND', '{full}0', big],
      ['SETRANGE', '{full}1', '100000', big],
      ['MSET', '{full}0', big, '{full}new', big],
      ['MSET', 'elsewhere', 'v', '{full}new', big],
      ['GETSET', '{full}2', big],
      ['SETBIT', '{full}3', '8000000', '1'],
    ]) {
      t.same(await client.send(...words), OOM, `${words[0]} is refused`)
    }
    t.equal(await client.send('DBSIZE'), keys, 'nothing was made')
    const values: Reply[] = [VALUE, VALUE, VALUE, VALUE, null, null]
    const names = ['0', '1', '2', '3', 'new'].map((name) => `{full}${name}`)
    t.same(await client.send('MGET', ...names, 'elsewhere'), values, 'nothing was changed')

    t.equal(await client.send('EXPIRE', '{full}5', '1000'), 1, 'EXPIRE works')
    t.same(await client.send('SET', 'other-shard', VALUE), OK, 'another shard works')
    t.equal(await client.send('STRLEN', '{full}7'), VALUE.length)
    t.equal(await client.send('DEL', '{full}0', '{full}1', '{full}2', '{full}3'), 4, 'DEL works')
    t.same(await client.send('SET', '{full}again', VALUE), OK, 'room made is room again')

    const rest = Array.from({ length: count }, (_, at) => ['DEL', `{full}${at}`])
    await client.pipeline(rest)
    t.ok((await fill(client)) >= count * 0.98, 'as much fits again')
    await client.close()
  })
})
