// The data directory is full: writes are refused by name, reads and everybody else go on, room
// heals it within a second, and nothing acknowledged is lost.

import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Configuration, configurationsOfRun, flagsOf, nameOf } from '../support/matrix.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'
import { until } from '../support/until.ts'

const HEAL_MS_MAX = 1000
const VALUE = 'v'.repeat(4000)
const SMALL_SEGMENTS = ['--segment-size', '1mb']
const BALLAST_BYTES = 4_194_304

/** A folder of so many MB, or why there is none. */
function mountSmall(megabytes = 16): { directory: string; unmount: () => void } | string {
  const directory = makeDirectory()
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', directory])
  if (mount.status !== 0) {
    removeDirectory(directory)
    return `cannot mount a tmpfs here: ${mount.stderr ?? mount.error?.message}`
  }
  const unmount = (): void => {
    spawnSync('umount', ['-l', directory])
    removeDirectory(directory)
  }
  return { directory, unmount }
}

function isRefused(reply: unknown): boolean {
  return /^MISCONF /.test((reply as { error?: string } | null)?.error ?? '')
}

/** Writes until the disk is full; every acknowledged key with its value. */
async function fillDisk(client: RespClient, kept: Map<string, string>): Promise<string> {
  for (let round = 0; ; round++) {
    const pairs = Array.from({ length: 50 }, (_, index) => [
      `key${(round * 50 + index) % 800}`,
      `${round}:${index}:${VALUE}`,
    ])
    const replies = await client.pipeline(pairs.map(([key, value]) => ['SET', key, value]))
    for (const [index, reply] of replies.entries()) {
      const [key, value] = pairs[index]
      if (!isRefused(reply)) kept.set(key, value)
      // Refused or of unknown outcome: any of both values is right.
      else kept.delete(key)
    }
    const refused = replies.find(isRefused) as { error: string } | undefined
    if (refused !== undefined) return refused.error
  }
}

const mounted = mountSmall()
if (typeof mounted === 'string') {
  process.stderr.write(`SKIPPED: ${mounted}\n`)
  if (process.env.CI === 'true') t.fail(mounted)
  t.pass('needs a mount')
} else {
  mounted.unmount()
  for (const configuration of configurationsOfRun()) {
    t.test(nameOf(configuration), (t) => checkFull(t as Test, configuration))
  }
  t.test('a commit over two shards in place', (t) => checkGroupInPlace(t as Test))
  t.test('in the middle of one large MSET', (t) => checkLargeCommand(t as Test))
}

/** 20 MB of records, a tenth of which fits: the rest waits in memory, far more than a log slice. */
async function checkLargeCommand(t: Test): Promise<void> {
  const place = mountSmall(40)
  if (typeof place === 'string') throw new Error(place)
  t.teardown(place.unmount)
  const ballast = join(place.directory, 'ballast')
  writeFileSync(ballast, Buffer.alloc(37 * 1_048_576, 1))
  const start = {
    directory: join(place.directory, 'data'),
    flags: ['--shards', '2', '--workers', '1', '--shared-memory-budget', '16mb'],
  }
  const server = await startCkv(start)
  const client = await server.connect()
  await client.send('SET', 'first', 'v')
  const pairs = Array.from({ length: 20_000 }, (_, index) => [
    `key:${index}`,
    String(index).padEnd(1000, 'v'),
  ])
  const reply = await client.send('MSET', ...pairs.flat())
  t.match(reply, { error: /^MISCONF .*outcome.*unknown/i }, 'the outcome is unknown')
  t.ok(isRefused(await client.send('SET', 'first', 'w')), 'writes are refused')
  t.equal(await client.send('GET', 'first'), 'v', 'the process lives')
  rmSync(ballast)
  await until('writes work again', 10_000, async () => {
    return !isRefused(await client.send('SET', 'last', 'v'))
  })
  await client.close()
  await server.killNine()
  const again = await startCkv(start)
  const reader = await again.connect()
  t.equal(await reader.send('DBSIZE'), pairs.length + 2, 'all of it was written when it healed')
  t.equal(await reader.send('GET', 'key:19999'), pairs[19_999][1])
  t.equal(await reader.send('GET', 'last'), 'v')
  await reader.close()
  t.same((await again.stop()).code, 0)
}

/**
 * A group commit in place that fails takes the commands of the same turn with it whose effects lie
 * in the same blocks.
 */
async function checkGroupInPlace(t: Test): Promise<void> {
  const place = mountSmall()
  if (typeof place === 'string') throw new Error(place)
  t.teardown(place.unmount)
  const directory = join(place.directory, 'data')
  const flags = ['--shards', '2', '--acceptors', '1', '--dispatch', 'place', ...SMALL_SEGMENTS]
  const server = await startCkv({ directory, flags })
  writeFileSync(join(place.directory, 'ballast'), Buffer.alloc(BALLAST_BYTES, 1))
  const client = await server.connect()
  for (let round = 0; ; round++) {
    const [set, mset] = await client.pipeline([
      ['SET', `key${round % 100}`, VALUE],
      ['MSET', 'a', VALUE, 'b', VALUE, 'c', VALUE, 'd', VALUE],
    ])
    t.equal(isRefused(set), isRefused(mset), `round ${round}: both or none`)
    if (isRefused(mset)) break
  }
  await client.close()
  await server.killNine()
}

async function checkFull(t: Test, configuration: Configuration): Promise<void> {
  const place = mountSmall()
  if (typeof place === 'string') throw new Error(place)
  t.teardown(place.unmount)
  const ballast = join(place.directory, 'ballast')
  writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES, 1))
  const start = {
    directory: join(place.directory, 'data'),
    flags: [...flagsOf(configuration), ...SMALL_SEGMENTS],
  }
  const server = await startCkv(start)
  const kept = new Map<string, string>()
  const client = await server.connect()
  await client.send('SET', 'first', 'v')
  const error = await fillDisk(client, kept)
  t.match(error, /^MISCONF Errors writing to the AOF file: /, 'the refusal')
  await checkRefusals(t, server, client)

  rmSync(ballast)
  const healedMs = await until('writes work again', 10_000, async () => {
    const replies = await client.pipeline([0, 1, 2, 3, 4, 5].map((at) => ['SET', `h${at}`, 'v']))
    return !replies.some(isRefused)
  })
  t.ok(healedMs <= HEAL_MS_MAX, `figure healed: ${Math.round(healedMs)} ms, limit ${HEAL_MS_MAX}`)
  t.same(await client.send('MSET', 'h0', 'a', 'h1', 'b', 'h2', 'c'), { simple: 'OK' })
  for (const name of ['h0', 'h1', 'h2']) kept.set(name, { h0: 'a', h1: 'b', h2: 'c' }[name] ?? '')
  await checkKept(t, client, kept, 'while it runs')
  await client.close()
  await server.killNine()

  const again = await startCkv(start)
  const reader = await again.connect()
  await checkKept(t, reader, kept, 'after kill -9')
  await reader.close()
  t.same((await again.stop()).code, 0)
}

/** Everything that needs no log works; everything that does is refused without effect. */
async function checkRefusals(t: Test, server: CkvServer, client: RespClient): Promise<void> {
  // Fill what little is left of each shard, so that all refuse.
  await until('all shards refuse', 10_000, async () => {
    const tries = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']
    const replies = await client.pipeline(tries.map((key) => ['SET', `full-${key}`, VALUE]))
    return replies.every(isRefused)
  })
  const before = await client.send('DBSIZE')
  for (const words of [
    ['SET', 'new', 'v'],
    ['APPEND', 'first', 'x'],
    ['DEL', 'first'],
    ['EXPIRE', 'first', '100'],
    ['MSET', 'a', '1', 'b', '2', 'c', '3', 'd', '4'],
    ['FLUSHALL'],
  ]) {
    const reply = await client.send(...words)
    t.ok(isRefused(reply), `${words[0]} is refused: ${JSON.stringify(reply)}`)
  }
  t.equal(await client.send('DBSIZE'), before, 'nothing was done')
  t.equal(await client.send('GET', 'first'), 'v', 'reads work')
  const other = await server.connect()
  t.same(await other.send('PING'), { simple: 'PONG' }, 'other clients live')
  t.same(await other.send('MGET', 'first', 'nosuch'), ['v', null])
  await other.close()
}

async function checkKept(
  t: Test,
  client: RespClient,
  kept: Map<string, string>,
  when: string,
): Promise<void> {
  const keys = [...kept.keys()]
  const values = await client.pipeline(keys.map((key) => ['GET', key]))
  const lost = keys.filter((key, index) => values[index] !== kept.get(key))
  t.same(lost, [], `${keys.length} acknowledged writes ${when}`)
}
