// What a server process has used so far, read from /proc: CPU time of all its threads, resident
// memory, and CPU time by thread. [man 5 proc]

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Index of utime in /proc/<pid>/stat counted from the field after the closing bracket. */
const UTIME_FIELD = 11
const STIME_FIELD = 12

let cachedTicksPerSecond = 0

/** Clock ticks per second of the times in /proc; 100 on nearly every Linux. */
function ticksPerSecond(): number {
  if (cachedTicksPerSecond === 0) {
    cachedTicksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  }
  return cachedTicksPerSecond
}

/** utime + stime in seconds from the text of a stat file. The name may hold spaces and brackets. */
export function cpuSecondsOf(stat: string, ticks: number): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[UTIME_FIELD]) + Number(fields[STIME_FIELD])) / ticks
}

/** CPU seconds, user and system, of all threads of a process, ended ones included. */
export function readCpuSeconds(pid: number): number {
  return cpuSecondsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'), ticksPerSecond())
}

/** A field of /proc/<pid>/status that is given in kB, as bytes; 0 when it is missing. */
export function statusBytes(status: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)
  return found === null ? 0 : Number(found[1]) * 1024
}

/** Resident bytes, shared memory included. */
export function readResidentBytes(pid: number): number {
  return statusBytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS')
}

export interface ThreadUse {
  threadId: number
  name: string
  seconds: number
}

/** CPU seconds by living thread, the busiest first. */
export function readThreads(pid: number): ThreadUse[] {
  const threads: ThreadUse[] = []
  for (const entry of readdirSync(`/proc/${pid}/task`)) {
    try {
      const base = `/proc/${pid}/task/${entry}`
      const seconds = cpuSecondsOf(readFileSync(`${base}/stat`, 'utf8'), ticksPerSecond())
      const name = readFileSync(`${base}/comm`, 'utf8').trim()
      threads.push({ threadId: Number(entry), name, seconds })
    } catch {
      // The thread ended between the listing and the reading.
    }
  }
  return threads.sort((a, b) => b.seconds - a.seconds)
}
