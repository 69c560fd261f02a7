// What the system says of this process, all threads together. Asked at each INFO, never kept.

import { machine, release, type as systemType, totalmem } from 'node:os'
import type { ProcessNumbers } from './info.ts'

export function readProcessNumbers(): ProcessNumbers {
  const cpu = process.cpuUsage()
  return {
    id: process.pid,
    system: `${systemType()} ${release()} ${machine()}`,
    nodeVersion: process.versions.node,
    residentBytes: process.memoryUsage.rss(),
    systemMemoryBytes: totalmem(),
    userCpuMicros: cpu.user,
    systemCpuMicros: cpu.system,
  }
}
