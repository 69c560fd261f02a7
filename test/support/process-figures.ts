// What the system says about a running server: processor time, memory, threads.

import { readFileSync } from 'node:fs'

/** Ticks of /proc/<pid>/stat in a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** User and system time of all threads, in ms. */
export function cpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // Fields 14 and 15; the name in parentheses may hold blanks.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
}

export function residentBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) * 1024
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}
