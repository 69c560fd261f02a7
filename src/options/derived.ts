// Defaults that follow from the machine. Pure: main reads /proc and the cgroup files and passes
// what it found.

import {
  ACCEPTORS_MAX,
  FILES_PER_SHARD,
  FILES_PER_THREAD,
  FILES_RESERVED,
  SHARD_MEMORY_BYTES_DEFAULT,
  SHARD_MEMORY_BYTES_MIN,
  SHARDS_MAX,
  WORKERS_MAX,
} from '../base/limits.ts'
import type { OutputLimit } from './rows.ts'
import type { Options } from './table.ts'

export interface Machine {
  /** Cores this process may use, after cgroup quota and affinity. */
  readonly cores: number
  readonly memoryBytes: number
  /** Undefined when no cgroup limits the memory. */
  readonly cgroupMemoryBytes: number | undefined
  /** Open files this process may have; undefined when unknown or unlimited. */
  readonly fileLimit: number | undefined
}

/** The part of the memory that shards may take; the rest is for rings, the program, the system. */
const MEMORY_SHARE = 0.7
/** Shard memory is a multiple of this: nobody wants to read 3.9871 GB. */
const SHARD_MEMORY_STEP_BYTES = 16_777_216
/** [redis-7.0 config.c] */
export const CLIENTS_DEFAULT = 10_000
const NO_OUTPUT_LIMIT: OutputLimit = { hardBytes: 0, softBytes: 0, softSeconds: 0 }

export function deriveAcceptors(machine: Machine): number {
  return clamp(Math.floor(machine.cores / 4), 1, ACCEPTORS_MAX)
}

export function deriveWorkers(machine: Machine): number {
  return clamp(Math.floor(machine.cores / 2), 1, WORKERS_MAX)
}

export function deriveMirrors(machine: Machine): number {
  return clamp(Math.floor(machine.cores / 4), 1, WORKERS_MAX)
}

/** The largest power of two that is at most four shards a worker: 4 on 2 cores, 128 on 64. */
export function deriveShards(workers: number): number {
  return clamp(2 ** Math.floor(Math.log2(workers * 4)), 1, SHARDS_MAX)
}

/**
 * Bytes of one shard: 4 GB, or an equal part of 70 % of the memory.
 * @param sides 2 when every shard has a hot slave, which needs as much again
 */
export function deriveShardMemory(machine: Machine, shards: number, sides: number): number {
  const fittingBytes = (usableMemoryBytes(machine) * MEMORY_SHARE) / (shards * sides)
  if (fittingBytes < SHARD_MEMORY_STEP_BYTES) {
    return clamp(roundDown(fittingBytes, SHARD_MEMORY_BYTES_MIN), SHARD_MEMORY_BYTES_MIN, Infinity)
  }
  return Math.min(SHARD_MEMORY_BYTES_DEFAULT, roundDown(fittingBytes, SHARD_MEMORY_STEP_BYTES))
}

/** What opens files besides clients. */
export interface FileUsers {
  readonly shards: number
  readonly acceptors: number
  readonly workers: number
}

/** Connections that the file limit leaves room for beside the server's own files. */
export function clientsThatFit(machine: Machine, users: FileUsers): number {
  if (machine.fileLimit === undefined) return Infinity
  return machine.fileLimit - filesNeeded(0, users)
}

/** Redis's 10000, or fewer when the file limit is low; at least 1. */
export function deriveMaxclients(machine: Machine, users: FileUsers): number {
  return clamp(clientsThatFit(machine, users), 1, CLIENTS_DEFAULT)
}

/** Open files that so many clients and the server's own threads and shards can need. */
export function filesNeeded(clients: number, users: FileUsers): number {
  const threads = users.acceptors + users.workers
  return clients + FILES_RESERVED + FILES_PER_SHARD * users.shards + FILES_PER_THREAD * threads
}

/** What this process may use: the machine's memory or its control group's. */
export function usableMemoryBytes(machine: Machine): number {
  return Math.min(machine.memoryBytes, machine.cgroupMemoryBytes ?? Infinity)
}

/**
 * Redis's limits for normal clients: none in the profile `redis`, so that a value of 512 MB leaves
 * whole; elsewhere no reply of an allowed size comes near 256 MB.
 */
export function deriveOutputLimit(profile: Options['profile'], given: OutputLimit): OutputLimit {
  return profile === 'redis' ? NO_OUTPUT_LIMIT : given
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max)
}

function roundDown(value: number, step: number): number {
  return Math.floor(value / step) * step
}
