// The `ckv` command as a user starts it: by any Node, through npm, through npx, from the published
// package. Whoever gets the signal, nothing is left running and the exit code is handed on.

import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { buildDist } from '../scripts/prepack.ts'
import { RespClient } from './support/resp-client.ts'

const ROOT = join(import.meta.dirname, '..')
const LAUNCHER = join(ROOT, 'scripts', 'ckv.js')
const END_MS_MAX = 20_000

interface Started {
  child: ChildProcess
  output: () => string
  /** Exit code, or the name of the signal. */
  ended: Promise<number | string | null>
}

const started: ChildProcess[] = []
t.teardown(() => {
  for (const child of started) child.kill('SIGKILL')
})

function start(program: string, flags: string[], environment: NodeJS.ProcessEnv = {}): Started {
  const child = spawn(program, flags, {
    cwd: ROOT,
    env: { ...cleanEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  let text = ''
  child.stdout.on('data', (bytes) => (text += bytes))
  child.stderr.on('data', (bytes) => (text += bytes))
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code))
  })
  return { child, output: () => text, ended }
}

/** As in a plain terminal: without npm around, without this test's options. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = /^(npm_|CKV_|_TAP|TAP|NODE_OPTIONS$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)))
}

function serverFlags(): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'ckv-launch-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return ['--port', '0', '--dir', directory, '--shards', '2', '--shard-memory', '64mb']
}

async function portOf({ output, ended }: Started): Promise<number> {
  let isOver = false
  ended.then(() => (isOver = true))
  for (;;) {
    const match = /ckv ready on \S+:(\d+)/.exec(output())
    if (match !== null) return Number(match[1])
    if (isOver) throw new Error(`ended before it was ready: ${output()}`)
    await delay(20)
  }
}

async function isServing(port: number): Promise<boolean> {
  try {
    const client = await RespClient.connect({ host: '127.0.0.1', port })
    await client.send('PING')
    await client.close()
    return true
  } catch {
    return false
  }
}

async function untilGone(port: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < END_MS_MAX; waitedMs += 50) {
    if (!(await isServing(port))) return true
    await delay(50)
  }
  return false
}

// Under npx the launcher stays as the parent; started directly it becomes the server.
for (const [how, environment] of [
  ['directly', {}],
  ['under npx', { npm_command: 'exec' }],
] as const) {
  t.test(`started ${how}`, async (t) => {
    const version = start(process.execPath, [LAUNCHER, '--version'], environment)
    t.equal(await version.ended, 0)
    t.match(version.output(), /^ckv \d+\.\d+\.\d+\s+$/)

    const wrong = start(process.execPath, [LAUNCHER, '--port', 'x'], environment)
    t.equal(await wrong.ended, 1, 'the exit code is handed on')
    t.match(wrong.output(), /^ckv: [^\n]*port[^\n]*\n$/, 'one line')

    for (const signals of [['SIGTERM'], ['SIGTERM', 'SIGTERM'], ['SIGINT', 'SIGINT']] as const) {
      const server = start(process.execPath, [LAUNCHER, ...serverFlags()], environment)
      const port = await portOf(server)
      t.ok(await isServing(port))
      for (const signal of signals) server.child.kill(signal)
      t.equal(await server.ended, 0, signals.join(' '))
      t.ok(await untilGone(port))
    }

    const killed = start(process.execPath, [LAUNCHER, ...serverFlags()], environment)
    const port = await portOf(killed)
    killed.child.kill('SIGKILL')
    t.equal(await killed.ended, 'SIGKILL')
    t.ok(await untilGone(port), 'a launcher that is killed leaves nothing behind')
  })
}

t.test('npm start, and only npm gets the signal', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const server = start('npm', ['start', '--silent', '--', ...serverFlags()])
    const port = await portOf(server)
    server.child.kill(signal)
    server.child.kill(signal)
    t.equal(await server.ended, 0, signal)
    t.ok(await untilGone(port), 'nothing is left running')
  }
})

t.test('the published package serves', async (t) => {
  // Outside of the repository, whose own packages would be found from any folder in it.
  const folder = mkdtempSync(join(tmpdir(), 'ckv-installed-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const installed = join(folder, 'node_modules', 'ckv')
  mkdirSync(join(installed, 'scripts'), { recursive: true })
  t.ok(buildDist(join(ROOT, 'src'), join(installed, 'dist')) > 50, 'files were stripped')
  cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'))
  cpSync(LAUNCHER, join(installed, 'scripts', 'ckv.js'))
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
  const launcher = join(installed, 'scripts', 'ckv.js')
  const server = start(process.execPath, [launcher, ...serverFlags()])
  const port = await portOf(server)
  t.ok(await isServing(port))
  server.child.kill('SIGTERM')
  t.equal(await server.ended, 0)

  rmSync(join(folder, 'node_modules', 'node'))
  const without = start(process.execPath, [launcher, '--version'])
  t.equal(await without.ended, 127)
  t.match(without.output(), /^ckv: Node \d+\.\d+\.\d+ is missing: [^\n]*\n$/)
})
