// One process per data directory: lock.ckv names its holder by pid, start time and boot, so a lock
// is free the moment its holder is dead or a zombie, also when the pid was given out again.
// (Processes in different pid namespaces cannot see each other: one data directory, one container.)
//
// Two starters at once. A lock is taken by link(2), which fails if the name exists. The hard part
// is removing a dead holder's lock without removing the one that a faster starter just took:
//
//   A and B both read "dead X". A removes it and takes the lock. B removes … A's lock: two holders.
//
// So only who holds the lock `lock.ckv.free.<X>` may remove a lock of X, and looks again first.
// That lock is taken and freed by the same rule; it goes one level deeper for each starter that
// died in the middle.

import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { CkvError } from '../base/errors.ts'

export const LOCK_NAME = 'lock.ckv'

/** What the lock needs to know of processes. */
export interface ProcessTable {
  /** Names this process for all time: `<pid>-<start time>-<boot id>`. */
  readonly self: string
  /** Does the process of this name run? A zombie does not. */
  isAlive(name: string): boolean
}

/** From /proc. Without it (not Linux) only the pid is compared. */
export class SystemProcesses implements ProcessTable {
  readonly self: string
  readonly #bootId: string

  constructor() {
    this.#bootId = readText('/proc/sys/kernel/random/boot_id').trim().replaceAll('-', '')
    this.self = this.#nameOf(process.pid)
  }

  isAlive(name: string): boolean {
    const pid = Number(name.split('-')[0])
    if (!Number.isInteger(pid) || pid <= 0) return false
    if (this.#bootId !== '') return this.#nameOf(pid) === name
    try {
      process.kill(pid, 0)
      return true
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM'
    }
  }

  /** '' for a process that is gone or a zombie. */
  #nameOf(pid: number): string {
    if (this.#bootId === '') return `${pid}-0-0`
    const stat = readText(`/proc/${pid}/stat`)
    // `pid (name) state …`: the name may hold spaces and brackets, so count from the last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const state = fields[0]
    const startTime = fields[19]
    if (startTime === undefined || state === 'Z' || state === 'X') return ''
    return `${pid}-${startTime}-${this.#bootId}`
  }
}

function readText(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

export interface DirectoryLock {
  /** Gives the directory back. Safe to call twice. */
  release(): void
}

/** How often a starter looks again while another one removes a dead holder's lock. */
const TRIES_MAX = 200
const RETRY_MS = 5

/** Throws CkvError DIRECTORY_IN_USE (with the holder's pid) when a living process holds it. */
export async function lockDirectory(
  directory: string,
  processes: ProcessTable = new SystemProcesses(),
): Promise<DirectoryLock> {
  const path = `${directory}/${LOCK_NAME}`
  const claim = `${path}.claim.${processes.self}`
  fs.writeFileSync(claim, processes.self, { mode: 0o600 })
  try {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      if (tryLock(path, claim, processes)) return new HeldLock(path, processes.self)
      const holder = readHolder(path)
      if (holder !== '' && processes.isAlive(holder)) {
        const pid = holder.split('-')[0]
        throw new CkvError('DIRECTORY_IN_USE', `${directory} is in use by process ${pid}`)
      }
      await sleep(RETRY_MS)
    }
  } finally {
    fs.rmSync(claim, { force: true })
  }
  throw new CkvError('DIRECTORY_IN_USE', `${directory} is in use (${path} changes all the time)`)
}

/** One try. False: somebody holds it, or is about to free it. */
function tryLock(path: string, claim: string, processes: ProcessTable): boolean {
  for (;;) {
    if (linkNew(claim, path)) return true
    const holder = readHolder(path)
    if (holder === '') continue
    if (processes.isAlive(holder)) return false
    const freeing = `${path}.free.${holder}`
    if (!tryLock(freeing, claim, processes)) return false
    // Only the holder of `freeing` removes a lock of this dead process: what is read now stays.
    if (readHolder(path) === holder) fs.rmSync(path, { force: true })
    fs.rmSync(freeing, { force: true })
  }
}

/** After a power cut a lock may be there without its text: nobody who lives holds it. */
const NOBODY = '0-nobody'

/** Who holds a lock; '' when it is not there. */
function readHolder(path: string): string {
  try {
    const text = fs.readFileSync(path, 'utf8')
    return /^\d+-[0-9a-z-]+$/.test(text) ? text : NOBODY
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function linkNew(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

class HeldLock implements DirectoryLock {
  readonly #path: string
  readonly #self: string

  constructor(path: string, self: string) {
    this.#path = path
    this.#self = self
  }

  release(): void {
    if (readHolder(this.#path) === this.#self) fs.rmSync(this.#path, { force: true })
  }
}
