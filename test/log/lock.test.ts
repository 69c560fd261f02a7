// One holder per data directory, on the real file system with real processes.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { LOCK_NAME, lockDirectory, SystemProcesses } from '../../src/log/lock.ts'

const MODULE = path.resolve(import.meta.dirname, '../../src/log/lock.ts')

/** A starter: waits for a line, locks, says `held` or `busy`, and holds until it is killed. */
function starter(directory: string): ChildProcess {
  const code = `
    const { lockDirectory } = await import(${JSON.stringify(MODULE)})
    process.stdout.write('ready\\n')
    process.stdin.once('data', async () => {
      try {
        await lockDirectory(${JSON.stringify(directory)})
        process.stdout.write('held\\n')
      } catch (error) {
        process.stdout.write(error.code === 'DIRECTORY_IN_USE' ? 'busy\\n' : 'wrong ' + error)
      }
      setInterval(() => {}, 1000)
    })`
  return spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH ?? '' },
  })
}

async function line(child: ChildProcess): Promise<string> {
  const [data] = await once(child.stdout!, 'data')
  return String(data).trim()
}

async function kill(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }),
  )
}

t.test('held once, free after release', async (t) => {
  const directory = t.testdir()
  const lock = await lockDirectory(directory)
  await t.rejects(lockDirectory(directory), { code: 'DIRECTORY_IN_USE' })
  lock.release()
  lock.release()
  const again = await lockDirectory(directory)
  again.release()
  t.same(fs.readdirSync(directory), [])
})

t.test('a dead, a torn and a reused holder do not hold', async (t) => {
  const directory = t.testdir()
  const self = new SystemProcesses().self
  const [pid, , boot] = self.split('-')
  for (const text of ['999999999-1-x', '', 'rubbish', `${pid}-1-${boot}`, `${pid}-1-0`]) {
    fs.writeFileSync(path.join(directory, LOCK_NAME), text)
    const lock = await lockDirectory(directory)
    t.equal(fs.readFileSync(path.join(directory, LOCK_NAME), 'utf8'), self)
    lock.release()
  }
  t.same(fs.readdirSync(directory), [])
})

t.test('starters that die while they free a lock do not block it', async (t) => {
  const directory = t.testdir()
  const lockPath = path.join(directory, LOCK_NAME)
  const dead = (number: number) => `99999999${number}-1-x`
  fs.writeFileSync(lockPath, dead(1))
  fs.writeFileSync(`${lockPath}.free.${dead(1)}`, dead(2))
  fs.writeFileSync(`${lockPath}.free.${dead(1)}.free.${dead(2)}`, dead(3))
  const lock = await lockDirectory(directory)
  lock.release()
  t.same(fs.readdirSync(directory), [])
})

t.test('a zombie holds nothing', async (t) => {
  const processes = new SystemProcesses()
  t.ok(processes.isAlive(processes.self))
  // The shell's child ends and is never waited for.
  const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 60'])
  const pid = await line(parent)
  const fields = () => {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  }
  const name = `${pid}-${fields()[19]}-${processes.self.split('-')[2]}`
  while (fields()[0] !== 'Z') await sleep(5)
  t.notOk(processes.isAlive(name))
  await kill([parent])
})

t.test(
  'many starters at once: exactly one wins, also over a dead one; a kill frees it',
  async (t) => {
    const directory = t.testdir()
    for (let round = 0; round < 2; round++) {
      // In the second round the lock of a killed holder is there.
      t.equal(fs.existsSync(path.join(directory, LOCK_NAME)), round > 0)
      const children = Array.from({ length: 4 }, () => starter(directory))
      for (const answer of await Promise.all(children.map(line))) t.equal(answer, 'ready')
      const answers = Promise.all(children.map(line))
      for (const child of children) child.stdin!.write('go\n')
      t.same((await answers).sort(), ['busy', 'busy', 'busy', 'held'])
      await kill(children)
    }
    const lock = await lockDirectory(directory)
    lock.release()
  },
)
