// A thread that dies ends the process: one line with the reason, an exit code above 0, and nothing
// lost that was acknowledged. A clean stop, beside it, ends every log with a mark.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type CkvServer, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'
import { within } from '../support/until.ts'

const END_MS_MAX = 10_000
const ROOT = join(import.meta.dirname, '..', '..')
const DYING = new URL('../support/dying-thread.ts', import.meta.url).href
const SHARDS = 2
const FLAGS = [
  '--shards',
  String(SHARDS),
  '--shard-memory',
  '16mb',
  '--acceptors',
  '1',
  '--workers',
  '1',
]
const FATAL = 60

interface Death {
  readonly flags: readonly string[]
  readonly environment: (directory: string) => Record<string, string>
  /** Makes the thread die. */
  readonly act: (server: CkvServer) => Promise<unknown>
  readonly who: string
}

async function checkDeath(t: Test, death: Death): Promise<void> {
  const directory = makeDirectory()
  t.teardown(() => removeDirectory(directory))
  const environment = { NODE_OPTIONS: `--import ${DYING}`, ...death.environment(directory) }
  const server = await startCkv({ directory, flags: [...FLAGS, ...death.flags], environment })
  const client = await server.connect()
  t.same(await client.send('SET', 'kept', 'v'), { simple: 'OK' })
  const acted = death.act(server)
  const { code, signal } = await within('the end', END_MS_MAX, server.process.exited)
  t.same([code, signal], [1, null], 'exit code')
  await client.closed
  await acted
  const lines = server.process.stderr.trimEnd().split('\n')
  t.equal(lines.length, 1, `one line: ${server.process.stderr.slice(0, 500)}`)
  const { level, msg, err } = JSON.parse(lines[0])
  t.same([level, msg], [FATAL, `${death.who} died: planted`])
  t.match(err.stack, /dying-thread/, 'with the stack')
  const again = await startCkv({ directory, flags: FLAGS })
  const reader = await again.connect()
  t.equal(await reader.send('GET', 'kept'), 'v', 'what was acknowledged is there')
  t.equal(await reader.send('GET', 'last'), null, 'what was not written is not')
  await reader.close()
  await again.stop()
}

/** A SET whose log write throws: no reply may come. */
async function writeLast(server: CkvServer): Promise<void> {
  const client = await server.connect()
  const reply = await client.send('SET', 'last', 'now-die').catch(() => 'none')
  if (reply !== 'none') throw new Error(`a reply: ${JSON.stringify(reply)}`)
}

const dieWriting = () => ({ CKV_TEST_DIE_WRITING: 'now-die' })

t.test('a worker', (t) =>
  checkDeath(t as Test, {
    flags: ['--dispatch', 'ring'],
    environment: dieWriting,
    act: writeLast,
    who: 'worker 0',
  }),
)

t.test('an acceptor, in place', (t) =>
  checkDeath(t as Test, {
    flags: ['--dispatch', 'place'],
    environment: dieWriting,
    act: writeLast,
    who: 'acceptor 0',
  }),
)

t.test('the sync thread', (t) =>
  checkDeath(t as Test, {
    flags: [],
    environment: (directory) => ({ CKV_TEST_DIE_ROLE: `sync:${join(directory, 'die')}` }),
    act: async ({ process }) => writeFileSync(join(process.directory, 'die'), ''),
    who: 'sync 0',
  }),
)

/** `ckv log verify`: its lines about shards. */
function verify(directory: string): string[] {
  const output = execFileSync(
    process.execPath,
    [join(ROOT, 'src', 'main.ts'), 'log', 'verify', directory],
    { encoding: 'utf8' },
  )
  return output.split('\n').filter((line) => line.startsWith('shard '))
}

t.test('a clean stop ends every log with a mark, a kill does not', async (t) => {
  const directory = makeDirectory()
  t.teardown(() => removeDirectory(directory))
  for (const dispatch of ['ring', 'place', 'auto']) {
    let server = await startCkv({ directory, flags: [...FLAGS, '--dispatch', dispatch] })
    let client = await server.connect()
    const writes = Array.from({ length: 100 }, (_, index) => ['SET', `key${index}`, dispatch])
    await client.pipeline(writes)
    t.same(await server.stop(), { code: 0, signal: null })
    const marked = verify(directory)
    t.equal(marked.length, SHARDS)
    for (const line of marked) t.match(line, /: ok, .* ends with a mark$/)
    server = await startCkv({ directory, flags: FLAGS })
    for (const line of verify(directory)) t.match(line, / ends with a mark$/, 'begun anew')
    client = await server.connect()
    await client.pipeline(writes)
    await server.killNine()
    for (const line of verify(directory)) t.match(line, /: ok, .* not stopped cleanly$/)
  }
})
