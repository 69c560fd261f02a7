// All that two servers hold, key by key: type, expiry, content; and each value through a payload of
// one into the other.

import { DATABASE_COUNT } from '../../src/base/limits.ts'
import type { ProfileName } from '../../src/catalog/spec.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { show } from './compare.ts'

/** Relative expiries were counted from two moments. */
const EXPIRY_SLACK_MS = 5000
/** Later ones are kept as the year 287396. */
const EXPIRY_MS_MAX = 9e15
const RESTORED_KEY = 'restored {t}'
const PROBLEMS_MAX = 20

const READS: Readonly<Record<string, (key: string) => string[]>> = {
  string: (key) => ['GET', key],
  list: (key) => ['LRANGE', key, '0', '-1'],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  hash: (key) => ['HGETALL', key],
}
/** Elements that belong together, where their order is each server's own. */
const GROUPS: Readonly<Record<string, number>> = { set: 1, hash: 2 }

interface Value {
  type: string
  expiryMs: number
  content: string
}

export interface DataComparison {
  keyCount: number
  problems: string[]
}

/** The clients speak RESP2, and nobody else uses the servers. */
export async function compareData(
  ours: RespClient,
  theirs: RespClient,
  profile: ProfileName,
): Promise<DataComparison> {
  const result: DataComparison = { keyCount: 0, problems: [] }
  for (let database = 0; database < DATABASE_COUNT; database++) {
    await Promise.all([ours, theirs].map((client) => client.send('SELECT', String(database))))
    const keys = await keysOf(theirs)
    if (profile !== 'ckv') {
      const own = await keysOf(ours)
      for (const key of own.filter((key) => !keys.includes(key))) {
        result.problems.push(`${database} ${show([key])}: only here`)
      }
    }
    for (const key of keys) {
      const name = `${database} ${show([key])}`
      result.problems.push(...(await compareKey(ours, theirs, profile, key, name)))
      if (result.problems.length >= PROBLEMS_MAX) return result
    }
    result.keyCount += keys.length
  }
  return result
}

async function keysOf(client: RespClient): Promise<string[]> {
  const keys = await client.send('KEYS', '*')
  if (!Array.isArray(keys)) throw new Error(`KEYS: ${JSON.stringify(keys)}`)
  return keys.map(String).sort()
}

async function compareKey(
  ours: RespClient,
  theirs: RespClient,
  profile: ProfileName,
  key: string,
  name: string,
): Promise<string[]> {
  const [left, right] = await Promise.all([ours, theirs].map((client) => readValue(client, key)))
  const problems: string[] = []
  if (left.type !== right.type) problems.push(`${name}: ${left.type}, Redis ${right.type}`)
  const later = right.expiryMs > EXPIRY_MS_MAX
  if (!later && Math.abs(left.expiryMs - right.expiryMs) > EXPIRY_SLACK_MS) {
    problems.push(`${name}: expires at ${left.expiryMs}, Redis ${right.expiryMs}`)
  }
  if (left.content !== right.content) {
    problems.push(`${name}: ${left.content.slice(0, 300)}, Redis ${right.content.slice(0, 300)}`)
  }
  if (problems.length > 0 || profile === 'ckv') return problems
  for (const [from, to, way] of [
    [ours, theirs, 'to Redis'],
    [theirs, ours, 'from Redis'],
  ] as const) {
    const carried = await carry(from, to, key)
    if (carried !== right.content) problems.push(`${name}: ${way} ${carried.slice(0, 300)}`)
  }
  return problems
}

async function readValue(client: RespClient, key: string): Promise<Value> {
  const type = simple(await client.send('TYPE', key))
  const read = READS[type]
  const [left, content] = await client.pipeline([
    ['PTTL', key],
    read === undefined ? ['EXISTS', key] : read(key),
  ])
  const leftMs = Number(left)
  return {
    type,
    expiryMs: leftMs < 0 ? leftMs : Date.now() + leftMs,
    content: contentText(type, content),
  }
}

function contentText(type: string, content: Reply): string {
  const group = GROUPS[type]
  // A score of -0 is 0 here: see differences.ts.
  if (type === 'zset') return JSON.stringify(content).replaceAll('"-0"', '"0"')
  if (group === undefined || !Array.isArray(content)) return JSON.stringify(content)
  const groups: string[] = []
  for (let at = 0; at < content.length; at += group) {
    groups.push(JSON.stringify(content.slice(at, at + group)))
  }
  return groups.sort().join()
}

function simple(reply: Reply): string {
  return reply !== null && typeof reply === 'object' && 'simple' in reply ? reply.simple : ''
}

/** What the value of a key is in another server that got it by DUMP and RESTORE. */
async function carry(from: RespClient, to: RespClient, key: string): Promise<string> {
  const payload = await from.send('DUMP', key)
  if (typeof payload !== 'string') return JSON.stringify(payload)
  const answer = await to.send('RESTORE', RESTORED_KEY, '0', payload)
  if (simple(answer) !== 'OK') return JSON.stringify(answer)
  const { content } = await readValue(to, RESTORED_KEY)
  await to.send('DEL', RESTORED_KEY)
  return content
}
