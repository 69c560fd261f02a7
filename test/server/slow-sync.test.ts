// appendfsync always on a disk that takes its time: replies wait in their rings for the sync
// thread, requests wait for room behind them, and nobody burns time over it. Needs strace, which
// delays the system calls; without it the test is skipped, loudly, and under CI it fails.

import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { cpuMs } from '../support/process-figures.ts'
import { RawClient } from '../support/raw-client.ts'
import { encodeWords } from '../support/resp.ts'
import { type CkvServer, startCkv } from '../support/server.ts'

const SYNC_MS = 400
const LOOK_MS = 2000
/** Until the rings are full and the code is warm. */
const FILL_MS = 1000
/** Of one processor: a thread that spins uses all of it. Acceptors look again every 2 ms. */
const CPU_SHARE_MAX = 0.4
const WORKER_SHARE_MAX = 0.1
const TICK_MS = 10
const CLIENTS = 8
const COMMANDS = 600
/** Rings of 16 KB: the replies to 700 commands fill one. */
const FLAGS = ['--shards', '128', '--shard-memory', '32mb', '--shared-memory-budget', '16mb']

if (spawnSync('strace', ['-V'], { stdio: 'ignore' }).status !== 0) {
  if (process.env.CI === 'true') t.fail('strace not found: no slow disk was tried (apt: strace)')
  else t.test('a slow disk', { skip: 'strace not found (apt: strace)' }, async () => {})
} else {
  for (const workers of ['1', '2']) {
    t.test(`a slow disk, workers ${workers}`, (t) => waitForDisk(t as Test, workers))
  }
}

async function waitForDisk(t: Test, workers: string): Promise<void> {
  const threads = ['--acceptors', workers, '--workers', workers]
  const server = await startCkv({ flags: [...FLAGS, ...threads, '--appendfsync', 'always'] })
  t.teardown(() => server.stop())
  const clients: RawClient[] = []
  for (let index = 0; index < CLIENTS; index++) clients.push(await RawClient.connect(server))
  const disk = await slowDisk(server)
  // All to one shard.
  const batch = Buffer.concat(
    Array.from({ length: COMMANDS }, (_, at) => Buffer.from(encodeWords(['SET', `{a}${at}`, 'v']))),
  )
  for (const client of clients) client.write(batch)
  await pause(FILL_MS)
  const answered = answeredBytes(clients)
  const { pid } = server.process
  const before = [cpuMs(pid), workersCpuMs(pid)]
  await pause(LOOK_MS)
  const share = (cpuMs(pid) - before[0]) / LOOK_MS
  const workerShare = (workersCpuMs(pid) - before[1]) / LOOK_MS
  t.comment(`figure CPU while the disk is slow: ${Math.round(share * 100)} %, limit 40`)
  t.comment(`figure CPU of workers meanwhile: ${Math.round(workerShare * 100)} %, limit 10`)
  const wanted = COMMANDS * '+OK\r\n'.length
  t.ok(answered < wanted * CLIENTS, 'commands wait for the disk')
  t.ok(share < CPU_SHARE_MAX, 'nobody spins')
  t.ok(workerShare < WORKER_SHARE_MAX, 'no worker does')
  await disk.end()
  for (const client of clients) {
    const bytes = await client.waitForBytes(wanted)
    t.equal(bytes.toString(), '+OK\r\n'.repeat(COMMANDS), 'all is answered')
    await client.close()
  }
}

/** User and system time of the worker threads, found by their names. */
function workersCpuMs(pid: number): number {
  let ticks = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1')
    if (!text.includes('(ckv worker')) continue
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks * TICK_MS
}

function answeredBytes(clients: readonly RawClient[]): number {
  return clients.reduce((sum, client) => sum + client.received().length, 0)
}

/** From here on every fdatasync takes SYNC_MS, until `end`. */
async function slowDisk(server: CkvServer): Promise<{ end(): Promise<void> }> {
  const calls = 'fdatasync,fsync'
  const delay = `${calls}:delay_enter=${SYNC_MS * 1000}`
  const tracing = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${delay}`]
  const tracer = spawn('strace', [...tracing, '-p', String(server.process.pid)])
  let words = ''
  tracer.stderr.on('data', (bytes) => (words += bytes))
  const ended = new Promise<void>((resolve) => tracer.once('close', () => resolve()))
  process.once('exit', () => tracer.kill('SIGKILL'))
  await pause(SYNC_MS)
  if (tracer.exitCode !== null) throw new Error(`strace cannot trace the server: ${words}`)
  return {
    async end() {
      tracer.kill('SIGINT')
      await ended
    },
  }
}
