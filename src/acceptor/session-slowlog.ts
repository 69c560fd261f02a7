// SLOWLOG and LATENCY: what threads noted in shared memory (counters/slow-log.ts, latency.ts), read
// when somebody asks. On the acceptor. [redis-7.0 slowlog.c, latency.c]

import { parseSafeInteger } from '../base/numbers.ts'
import { ALL_ROWS } from '../catalog/table.ts'
import { LATENCY_EVENTS, type LatencySeries } from '../counters/latency.ts'
import type { SlowCommand } from '../counters/slow-log.ts'
import { latencyGraph } from '../monitor/latency-graph.ts'
import { latencyReport } from '../monitor/latency-report.ts'
import { LATENCY_THRESHOLD_MS_WORD } from '../rows/layout.ts'
import * as adminReplies from '../wire/admin-replies.ts'
import type { ReplyWriter } from '../wire/encoder.ts'
import * as replies from '../wire/replies.ts'
import type { ClientFacts } from './clients.ts'
import type { Session } from './session.ts'
import { argumentsFrom } from './session-arguments.ts'

const ENTRIES_DEFAULT = 10

// ── SLOWLOG ──────────────────────────────────────────────────────────────────────────────────

export function slowlogGet(session: Session): void {
  const { argCount, reply, administration } = session
  let countMax = ENTRIES_DEFAULT
  if (argCount > 3) {
    const start = session.starts[1]
    reply.error(replies.subcommandSyntax70('SLOWLOG', session.bytes, start, session.lengths[1]))
    return
  }
  if (argCount === 3) {
    const count = parseSafeInteger(session.bytes, session.starts[2], session.lengths[2])
    if (!(count >= -1)) {
      reply.error(adminReplies.SLOWLOG_COUNT)
      return
    }
    countMax = count === -1 ? Number.POSITIVE_INFINITY : count
  }
  const slow = administration.stopwatch.slowLog.read().slice(0, countMax)
  const { peers } = administration
  const later = peers.isAlone ? null : session.replyLater()
  const ids = [...new Set(slow.map(({ client }) => client))]
  peers.gather({ kind: 'known', filter: { ids } }, (answers) => {
    const clients = new Map(answers.flat().map((client) => [client.id, client]))
    if (later === null) writeSlow(reply, slow, clients)
    else later.answer((laterReply) => writeSlow(laterReply, slow, clients))
  })
}

function writeSlow(
  reply: ReplyWriter,
  slow: readonly SlowCommand[],
  clients: ReadonlyMap<number, ClientFacts>,
): void {
  reply.arrayHeader(slow.length)
  for (const { number, seconds, micros, words, client } of slow) {
    reply.arrayHeader(6)
    reply.integer(number)
    reply.integer(seconds)
    reply.integer(micros)
    reply.arrayHeader(words.length)
    for (const word of words) reply.bulk(word, 0, word.length)
    reply.bulkText(clients.get(client)?.address ?? '')
    reply.bulkText(clients.get(client)?.name ?? '')
  }
}

export function slowlogLen(session: Session): void {
  session.reply.integer(session.administration.stopwatch.slowLog.read().length)
}

export function slowlogReset(session: Session): void {
  session.administration.stopwatch.slowLog.reset()
  session.reply.ok()
}

// ── LATENCY ──────────────────────────────────────────────────────────────────────────────────

function eventOf(name: string): number {
  return (LATENCY_EVENTS as readonly string[]).indexOf(name)
}

function seriesOf(session: Session, name: string): LatencySeries | undefined {
  const event = eventOf(name)
  if (event < 0) return undefined
  const series = session.administration.stopwatch.latency.series(event)
  return series.samples.length === 0 ? undefined : series
}

/** [event, second of its last sample, that one, the slowest of all] for each. */
export function latencyLatest(session: Session): void {
  const { reply } = session
  const known = LATENCY_EVENTS.map((name) => [name, seriesOf(session, name)] as const)
  const seen = known.filter(([, series]) => series !== undefined)
  reply.arrayHeader(seen.length)
  for (const [name, series] of seen) {
    const last = series?.samples.at(-1)
    reply.arrayHeader(4)
    reply.bulkText(name)
    reply.integer(last?.second ?? 0)
    reply.integer(last?.ms ?? 0)
    reply.integer(series?.slowestMs ?? 0)
  }
}

export function latencyHistory(session: Session): void {
  const { reply } = session
  const samples = seriesOf(session, session.argument(2))?.samples ?? []
  reply.arrayHeader(samples.length)
  for (const { second, ms } of samples) {
    reply.arrayHeader(2)
    reply.integer(second)
    reply.integer(ms)
  }
}

/** How many classes were emptied: those named, or all. */
export function latencyReset(session: Session): void {
  const names = session.argCount === 2 ? LATENCY_EVENTS : new Set(argumentsFrom(session, 2))
  let emptied = 0
  for (const name of names) {
    if (seriesOf(session, name) === undefined) continue
    const event = eventOf(name)
    session.administration.stopwatch.latency.reset(event)
    emptied++
  }
  session.reply.integer(emptied)
}

export function latencyGraphReply(session: Session): void {
  const name = session.argument(2)
  const series = seriesOf(session, name)
  if (series === undefined) session.reply.error(adminReplies.latencyNoSamples(name))
  else session.reply.verbatim(latencyGraph(name, series, session.clock.wallMs() / 1000))
}

export function latencyDoctor(session: Session): void {
  const { words } = session.rows
  const known = LATENCY_EVENTS.map((name) => [name, seriesOf(session, name)] as const)
  session.reply.verbatim(latencyReport(words[LATENCY_THRESHOLD_MS_WORD], known))
}

/** Calls and cumulative counts by powers of two, of the commands that were timed. */
export function latencyHistogram(session: Session): void {
  const { reply, administration } = session
  const wanted = argumentsFrom(session, 2).map((name) => name.toLowerCase())
  const { latency } = administration.stopwatch
  const timed = ALL_ROWS.filter(({ name }) => {
    return wanted.length === 0 || wanted.includes(name) || wanted.includes(name.split('|')[0])
  })
    .map(({ name, code }) => ({ name, times: latency.times(code) }))
    .filter(({ times }) => times.some((count) => count > 0))
  reply.mapHeader(timed.length)
  for (const { name, times } of timed) writeTimes(reply, name, times)
}

function writeTimes(reply: ReplyWriter, name: string, times: readonly number[]): void {
  const total = times.reduce((sum, count) => sum + count, 0)
  const pairs: [number, number][] = []
  let below = 0
  for (const [bucket, count] of times.entries()) {
    below += count
    if (count > 0) pairs.push([2 ** (bucket + 1), below])
  }
  reply.bulkText(name)
  reply.mapHeader(2)
  reply.bulkText('calls')
  reply.integer(total)
  reply.bulkText('histogram_usec')
  reply.mapHeader(pairs.length)
  for (const [micros, count] of pairs) {
    reply.integer(micros)
    reply.integer(count)
  }
}
