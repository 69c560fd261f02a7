// What this machine (or its cgroup) offers: the input to the options' derived defaults.

import fs from 'node:fs'
import os from 'node:os'
import type { Machine } from '../options/derived.ts'

export function readMachine(): Machine {
  return {
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    cgroupMemoryBytes: cgroupMemoryBytes(),
    fileLimit: fileLimit(),
  }
}

function cgroupMemoryBytes(): number | undefined {
  for (const path of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    const text = readText(path)?.trim()
    if (text === undefined || text === 'max') continue
    const bytes = Number(text)
    // Cgroup version 1 says "no limit" with a number near 2^63.
    if (Number.isFinite(bytes) && bytes > 0 && bytes < os.totalmem()) return bytes
  }
  return undefined
}

function fileLimit(): number | undefined {
  const line = readText('/proc/self/limits')
    ?.split('\n')
    .find((each) => each.startsWith('Max open files'))
  const soft = Number(line?.split(/\s{2,}/)[1])
  return Number.isFinite(soft) ? soft : undefined
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
