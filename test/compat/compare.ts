// Sends the same random commands to two servers and compares reply by reply.

import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import type { CommandGenerator, Words } from './generator.ts'

const BATCH_COMMANDS = 24
const MISMATCHES_MAX = 20
/** Two servers are asked at two moments: remaining times may differ by this much. */
const CLOCK_SLACK_MS = 3000

export interface Peer {
  /** One connection each; batches go over them in turn. */
  connections: RespClient[]
  /** A defect for the trial of the harness. */
  distort?: (words: Words, reply: Reply) => Reply
}

export interface Mismatch {
  command: string
  ours: string
  theirs: string
  /** What was done before to the same keys, oldest first. */
  before: string[]
}

/** Whether a known difference explains the pair of replies. */
export type Excuse = (words: Words, ours: Reply, theirs: Reply) => boolean

export interface Comparison {
  commandCount: number
  mismatches: Mismatch[]
  /** How often each command name came, in small letters. */
  counts: Map<string, number>
}

export interface ComparisonLimits {
  commandCount: number
  /** The comparison ends early at this many. */
  mismatchesMax?: number
  excuse?: Excuse
}

export async function compareServers(
  generator: CommandGenerator,
  ours: Peer,
  theirs: Peer,
  { commandCount, mismatchesMax = MISMATCHES_MAX, excuse = () => false }: ComparisonLimits,
): Promise<Comparison> {
  const result: Comparison = { commandCount: 0, mismatches: [], counts: new Map() }
  const history: Words[] = []
  for (let batch = 0; result.commandCount < commandCount; batch++) {
    const commands: Words[] = []
    while (commands.length < BATCH_COMMANDS || generator.hasPending) commands.push(generator.next())
    const turn = batch % ours.connections.length
    const [left, right] = await Promise.all([
      replies(ours, turn, commands),
      replies(theirs, turn, commands),
    ])
    commands.forEach((words, index) => {
      count(result.counts, words)
      history.push(words)
      if (sameReply(words, left[index], right[index])) return
      if (excuse(words, left[index], right[index])) return
      result.mismatches.push({
        command: show(words),
        ours: JSON.stringify(left[index]),
        theirs: JSON.stringify(right[index]),
        before: relatedTo(words, history),
      })
    })
    result.commandCount += commands.length
    if (result.mismatches.length >= mismatchesMax) break
    if (history.length > 4000) history.splice(0, 2000)
  }
  return result
}

async function replies(peer: Peer, turn: number, commands: Words[]): Promise<Reply[]> {
  const answers = await peer.connections[turn].pipeline(commands)
  const { distort } = peer
  if (distort === undefined) return answers
  return answers.map((reply, index) => distort(commands[index], reply))
}

export function sameReply(words: Words, ours: Reply, theirs: Reply): boolean {
  const name = String(words[0]).toLowerCase()
  if (/^p?(ttl|expiretime)$/.test(name)) return closeTimes(name, ours, theirs)
  if (name === 'object') return sameObject(words, ours, theirs)
  if (name.startsWith('sort') && isUnsure(words)) return sameBag(ours, theirs)
  if (BY_CHANCE.has(name)) return sameShape(ours, theirs)
  const group = UNORDERED_GROUPS.get(name)
  if (group !== undefined) {
    return JSON.stringify(sorted(ours, group)) === JSON.stringify(sorted(theirs, group))
  }
  // The order of a scan is each server's own; whole scans are compared in a test of their own.
  if (name.endsWith('scan') && isScanReply(ours) && isScanReply(theirs)) return true
  return JSON.stringify(ours) === JSON.stringify(theirs)
}

/** What is answered is a matter of chance, how much is not. */
const BY_CHANCE: ReadonlySet<string> = new Set([
  'randomkey',
  'dump',
  'hrandfield',
  'spop',
  'srandmember',
  'zrandmember',
])

/** Commands whose elements, or groups of so many, come in each server's own order. */
const UNORDERED_GROUPS: ReadonlyMap<string, number> = new Map([
  ['keys', 1],
  ['hkeys', 1],
  ['hvals', 1],
  ['hgetall', 2],
  ['smembers', 1],
  ['sinter', 1],
  ['sunion', 1],
  ['sdiff', 1],
])

/** Are elements of equal weight, or of a set that is not sorted, among what comes? */
function isUnsure(words: Words): boolean {
  return words.some((word) => /^by$/i.test(String(word)))
}

/** The same elements in any order; of a part of them, as many. */
function sameBag(ours: Reply, theirs: Reply): boolean {
  if (JSON.stringify(sorted(ours, 1)) === JSON.stringify(sorted(theirs, 1))) return true
  return Array.isArray(ours) && Array.isArray(theirs) && ours.length === theirs.length
}

const STRING_ENCODINGS: ReadonlySet<Reply> = new Set(['int', 'embstr', 'raw'])

/** How a string lies is told by its value here, in Redis also by how it came to be. */
function sameObject(words: Words, ours: Reply, theirs: Reply): boolean {
  if (STRING_ENCODINGS.has(ours) && STRING_ENCODINGS.has(theirs)) return true
  if (typeof ours === 'number' && typeof theirs === 'number') {
    return !/^encoding$/i.test(String(words[1]))
  }
  return JSON.stringify(ours) === JSON.stringify(theirs)
}

function sameShape(ours: Reply, theirs: Reply): boolean {
  const sizes = [sizeOf(ours), sizeOf(theirs)]
  if (sizes[0] !== undefined) return sizes[0] === sizes[1]
  if (typeof ours === 'string' && typeof theirs === 'string') return true
  return JSON.stringify(ours) === JSON.stringify(theirs)
}

/** Elements of an array, a set or a map, with the kind in front. */
function sizeOf(reply: Reply): string | undefined {
  if (Array.isArray(reply)) return `array ${reply.length}`
  if (reply === null || typeof reply !== 'object') return undefined
  if ('set' in reply) return `set ${reply.set.length}`
  return 'map' in reply ? `map ${reply.map.length}` : undefined
}

function closeTimes(name: string, ours: Reply, theirs: Reply): boolean {
  if (typeof ours !== 'number' || typeof theirs !== 'number' || ours < 0 || theirs < 0) {
    return JSON.stringify(ours) === JSON.stringify(theirs)
  }
  const slack = name.startsWith('p') ? CLOCK_SLACK_MS : CLOCK_SLACK_MS / 1000
  return Math.abs(ours - theirs) <= slack
}

function sorted(reply: Reply, group: number): unknown {
  if (reply === null || typeof reply !== 'object') return reply
  if (!Array.isArray(reply)) {
    if ('set' in reply) return { set: sorted(reply.set, 1) }
    if ('map' in reply) return { map: reply.map.map((pair) => JSON.stringify(pair)).sort() }
    return reply
  }
  const groups: string[] = []
  for (let at = 0; at < reply.length; at += group) {
    groups.push(JSON.stringify(reply.slice(at, at + group)))
  }
  return groups.sort()
}

function isScanReply(reply: Reply): boolean {
  return Array.isArray(reply) && reply.length === 2 && Array.isArray(reply[1])
}

function count(counts: Map<string, number>, words: Words): void {
  const name = String(words[0]).toLowerCase()
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function relatedTo(words: Words, history: readonly Words[]): string[] {
  const keys = new Set(words.slice(1, 2).map(String))
  return history
    .filter((earlier) => earlier.slice(1).some((word) => keys.has(String(word))))
    .slice(-12)
    .map(show)
}

export function show(words: Words): string {
  const text = words.map((word) =>
    typeof word === 'string' ? JSON.stringify(word) : `<${Buffer.from(word).toString('hex')}>`,
  )
  return text
    .map((word) => (word.length > 120 ? `${word.slice(0, 100)}…${word.length}` : word))
    .join(' ')
}
