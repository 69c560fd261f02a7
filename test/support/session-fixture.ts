// A session without sockets or threads: real rows, counters and small arenas, a fake connection.
// `run` does what the router does in front of a handler: name, profile, arity.

import { Administration } from '../../src/acceptor/administration.ts'
import type { ClientSocket } from '../../src/acceptor/client-socket.ts'
import { answerQuestion, GoneClients } from '../../src/acceptor/clients.ts'
import { Connection } from '../../src/acceptor/connection.ts'
import { Inbox } from '../../src/acceptor/inbox.ts'
import { LaterReplies } from '../../src/acceptor/later.ts'
import { Monitors } from '../../src/acceptor/monitors.ts'
import { Output } from '../../src/acceptor/output.ts'
import { Peers } from '../../src/acceptor/peers.ts'
import { type ServerFacts, Session } from '../../src/acceptor/session.ts'
import { SESSION_HANDLERS_BY_CODE } from '../../src/acceptor/session-handlers.ts'
import { ManualClock } from '../../src/base/clock.ts'
import { arityFits, findCommand, findSubcommand, servedIn } from '../../src/catalog/lookup.ts'
import { PROFILE_BITS, type ProfileName } from '../../src/catalog/spec.ts'
import { COMMANDS } from '../../src/catalog/table.ts'
import { Counters, countersByteLength } from '../../src/counters/counters.ts'
import { Latency, latencyByteLength } from '../../src/counters/latency.ts'
import { SlowLog, slowLogByteLength } from '../../src/counters/slow-log.ts'
import type { Executor } from '../../src/executor/executor.ts'
import { Stopwatch } from '../../src/executor/stopwatch.ts'
import { ShardSide } from '../../src/keyspace/side.ts'
import type { ShardLog } from '../../src/log/writer.ts'
import { Arena, formatArena } from '../../src/memory/arena.ts'
import { nodeId } from '../../src/monitor/node-id.ts'
import { parseOptions } from '../../src/options/parse.ts'
import { RegistrationArea } from '../../src/pubsub/area.ts'
import { exchangeBytes } from '../../src/pubsub/layout.ts'
import { Registry } from '../../src/pubsub/registry.ts'
import { ChunkPool } from '../../src/ring/pool.ts'
import { rowsByteLength } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { ReplyWriter } from '../../src/wire/encoder.ts'
import * as replies from '../../src/wire/replies.ts'
import { newPasswordFacts } from '../support/password-facts.ts'
import { decodeReplies, type Reply } from './resp.ts'

export const INSTANCE = 'crs-abcd1234'
export const PASSWORD = 'top secret'
export const STARTED_MS = 1_700_000_000_000
const ARENA_BYTES = 131_072
const POOL_BYTES = 1_048_576

export interface FixtureOptions {
  readonly profile?: ProfileName
  readonly password?: string | null
  readonly shards?: number
  /** Further flags of the command line. */
  readonly flags?: readonly string[]
  readonly socket?: Partial<ClientSocket>
}

export interface Fixture {
  readonly session: Session
  readonly clock: ManualClock
  readonly connection: Connection
  readonly sides: readonly ShardSide[]
  run(...words: (string | Uint8Array)[]): Reply
}

export function makeFixture(options: FixtureOptions = {}): Fixture {
  const shards = options.shards ?? 2
  const clock = new ManualClock(STARTED_MS)
  const facts = makeFacts(options, shards)
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(shards)))
  const counters = new Counters(new SharedArrayBuffer(countersByteLength()), 1)
  const sides = Array.from({ length: shards }, (_, shard) => makeSide(shard, rows))
  const socket = {
    remoteAddress: '127.0.0.1',
    remotePort: 50_000,
    localAddress: '127.0.0.1',
    localPort: 6379,
    ...options.socket,
  } as unknown as ClientSocket
  const connection = new Connection(socket, 0, 1, 7, facts.passwordDigest === null, STARTED_MS)
  const writer = new ReplyWriter(1024, 16_777_216)
  const connections = [connection]
  const { outputLimitNormal, outputLimitPubsub } = facts.options
  const output = new Output(counters, outputLimitNormal, outputLimitPubsub)
  const pool = new ChunkPool(new SharedArrayBuffer(POOL_BYTES), 0)
  const executor = { rows, thread: 1, sides } as unknown as Executor
  const inbox = new Inbox(executor, [], pool, output, counters, connections)
  const later = new LaterReplies(inbox, 16_777_216)
  const gone = new GoneClients()
  const peers = new Peers(facts.runId, 0, 1, {
    answer: (question) => {
      if (question.kind === 'unblock') return []
      return answerQuestion(question, connections, gone, clock.monotonicMs())
    },
    hear: () => {},
  })
  const settings = { options: facts.options, free: {}, passwordDigest: facts.passwordDigest }
  const monitors = new Monitors(rows, output)
  // Nobody is main here: orders stay unanswered.
  const slowLog = new SlowLog(new SharedArrayBuffer(slowLogByteLength(2)), rows, 1)
  const latency = new Latency(new SharedArrayBuffer(latencyByteLength(2)), rows, 1)
  const stopwatch = new Stopwatch(rows, clock, counters, slowLog, latency)
  const administration = new Administration(settings, later, peers, monitors, stopwatch, () => {})
  const session = new Session(
    facts,
    counters,
    rows,
    clock,
    sides,
    writer,
    0,
    administration,
    makeRegistry(sides),
    COMMANDS[0],
  )
  session.connection = connection
  return { session, clock, connection, sides, run: (...words) => run(session, words) }
}

/** Runs one command and gives its only reply. */
function run(session: Session, words: readonly (string | Uint8Array)[]): Reply {
  fillArguments(session, words)
  session.reply.clear()
  session.reply.protocol = session.connection.protocol
  execute(session)
  const { bytes, position } = session.reply
  const { replies: found, end } = decodeReplies(bytes.subarray(0, position))
  if (found.length !== 1 || end !== position) {
    throw new Error(`${words.join(' ')}: ${found.length} replies`)
  }
  return found[0]
}

function fillArguments(session: Session, words: readonly (string | Uint8Array)[]): void {
  const parts = words.map((word) => (typeof word === 'string' ? Buffer.from(word, 'latin1') : word))
  // Some bytes in front, so that offsets matter.
  session.bytes = Buffer.concat([Buffer.from('front'), ...parts])
  session.lengths = Int32Array.from(parts, (part) => part.length)
  session.starts = new Int32Array(parts.length)
  let at = 5
  for (let index = 0; index < parts.length; index++) {
    session.starts[index] = at
    at += parts[index].length
  }
  session.argCount = parts.length
}

function execute(session: Session): void {
  const { bytes, starts, lengths, argCount, facts, reply } = session
  let row = findCommand(bytes, starts[0], lengths[0])
  if (row !== undefined && row.subcommands.length > 0 && argCount > 1) {
    row = findSubcommand(row, bytes, starts[1], lengths[1])
  }
  if (row === undefined || !servedIn(row, facts.profile)) {
    reply.errorText('not served')
  } else if (!arityFits(row, argCount, facts.profile)) {
    reply.error(replies.wrongArity(row.name))
  } else {
    session.row = row
    const handler = SESSION_HANDLERS_BY_CODE[row.code]
    if (handler === undefined) reply.errorText('no handler')
    else handler(session)
  }
}

function makeFacts(options: FixtureOptions, shards: number): ServerFacts {
  const profile = options.profile ?? 'extended'
  const parsed = parseOptions({
    argv: ['--profile', profile, '--shards', String(shards), ...(options.flags ?? [])],
    environment: {},
    readFile: () => new Uint8Array(0),
    machine: {
      cores: 2,
      memoryBytes: 8_589_934_592,
      cgroupMemoryBytes: undefined,
      fileLimit: undefined,
    },
    version: '0',
  })
  if (parsed.kind !== 'run') throw new Error('the options ask for a text')
  return {
    instance: INSTANCE,
    runId: '0123456789abcdef0123456789abcdef01234567',
    profile: PROFILE_BITS[profile],
    shardCount: shards,
    acceptorCount: 1,
    workerCount: 1,
    options: parsed.options,
    startedMs: STARTED_MS,
    port: 6379,
    ...newPasswordFacts(options.password ?? null),
    nodeIds: Array.from({ length: shards }, (_, shard) => nodeId(INSTANCE, shard, 0)),
  }
}

/** Of the only acceptor; nobody gets what is published. */
function makeRegistry(sides: readonly ShardSide[]): Registry<Connection> {
  const area = new RegistrationArea(new SharedArrayBuffer(exchangeBytes(1, 0)), sides)
  const sink = { open: () => {}, send: () => {}, hasRoom: () => true }
  return new Registry<Connection>(1, 2, sides.length, true, area, null, sink)
}

function makeSide(shard: number, rows: Rows): ShardSide {
  const arena = new Arena([new SharedArrayBuffer(ARENA_BYTES)])
  formatArena(arena)
  // Session commands read control rows and arenas; none of them touches a log.
  return new ShardSide(shard, 0, rows, arena, undefined as unknown as ShardLog, 1, 2)
}
