// Keys longer than a quarter of the log slice: none of what may be done with one ends the server,
// and the log gives the right keys back.

import t, { type Test } from 'tap'
import { configurationsOfRun, flagsOf, nameOf } from '../support/matrix.ts'
import { isAlive } from '../support/process-figures.ts'
import type { RespClient, Words } from '../support/resp-client.ts'
import { type CkvServer, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'
import { until } from '../support/until.ts'

/** The slice of a shard is 2 MB or less. */
const LONG_BYTES = 600_000
const OK = { simple: 'OK' }

/** A long key of its own in one slot with the others. */
function long(letter: string): Buffer {
  return Buffer.from(`{k}${letter.repeat(LONG_BYTES)}`)
}

async function check(
  t: Test,
  client: RespClient,
  lines: readonly (readonly [Words, unknown])[],
): Promise<void> {
  for (const [words, reply] of lines) {
    const name = words.map((word) => word.toString().slice(0, 8)).join(' ')
    t.same(await client.send(...words), reply, name)
  }
}

async function untilSize(client: RespClient, size: number): Promise<void> {
  const what = `${size} keys are left, without being asked for`
  await until(what, 10_000, async () => (await client.send('DBSIZE')) === size)
}

for (const configuration of configurationsOfRun()) {
  t.test(nameOf(configuration), async (t) => {
    const directory = makeDirectory()
    t.teardown(() => removeDirectory(directory))
    const start = { directory, flags: [...flagsOf(configuration), '--profile', 'redis'] }
    const first = await startCkv(start)
    await useLongKeys(t as Test, first)
    await first.killNine()
    const second = await startCkv(start)
    await checkKept(t as Test, second)
    t.same((await second.stop()).code, 0)
  })
}

async function useLongKeys(t: Test, server: CkvServer): Promise<void> {
  const client = await server.connect()
  await check(t, client, [[['SET', long('a'), 'v', 'PX', '100'], OK]])
  await untilSize(client, 0)
  await check(t, client, [
    [['SET', long('a'), 'v'], OK],
    [['DEL', long('a')], 1],
    [['SET', long('b'), 'moved'], OK],
    [['EXPIRE', long('b'), '1000'], 1],
    [['EXPIRE', long('b'), '2000'], 1],
    [['RENAME', long('b'), long('c')], OK],
    [['PERSIST', long('c')], 1],
    [['SET', '{k}short', 'from short'], OK],
    [['RENAME', '{k}short', long('d')], OK],
    [['SET', long('e'), 'to short'], OK],
    [['RENAME', long('e'), '{k}short'], OK],
    [['SET', long('f'), 'v'], OK],
    [['PEXPIREAT', long('f'), '1000'], 1],
    [['SET', long('g'), 'v'], OK],
    [['GETDEL', long('g')], 'v'],
    [['SET', long('h'), 'kept', 'EX', '1000'], OK],
    // Its time may be over before or after the restart: the sweep meets it either way.
    [['SET', long('i'), 'v', 'PX', '300'], OK],
  ])
  await client.close()
}

async function checkKept(t: Test, server: CkvServer): Promise<void> {
  const client = await server.connect()
  await untilSize(client, 4)
  await check(t, client, [
    [['MGET', long('c'), long('d'), '{k}short', long('h')], KEPT],
    [['TTL', long('c')], -1],
    [['EXISTS', long('a'), long('b'), long('e'), long('f'), long('g'), long('i')], 0],
    [['DEL', long('c'), '{k}short', long('d')], 3],
    [['UNLINK', long('h')], 1],
  ])
  const ttl = Number(await client.send('TTL', long('h')))
  t.equal(ttl, -2)
  t.equal(await client.send('DBSIZE'), 0)
  t.ok(isAlive(server.process.pid))
  await client.close()
}

const KEPT = ['moved', 'from short', 'to short', 'kept']
