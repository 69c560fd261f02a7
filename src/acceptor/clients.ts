// Who is connected to this acceptor: one plain row a client for CLIENT LIST and its kin, the filter
// that CLIENT LIST and KILL give, and the line that shows a row. [redis-7.0 networking.c]

import { PROFILE_REDIS } from '../catalog/spec.ts'
import { ROWS_BY_CODE } from '../catalog/table.ts'
import { type Connection, STOPPED_BLOCKED } from './connection.ts'
import type { Answer, ClientQuestion } from './peers.ts'

export type ClientType = 'normal' | 'master' | 'replica' | 'pubsub'

/** What a client must match: every field that is given. */
export interface ClientFilter {
  readonly ids?: readonly number[]
  readonly address?: string
  readonly localAddress?: string
  readonly type?: ClientType
  /** This one is left out. */
  readonly exceptId?: number
}

/** One client in numbers and words; travels between acceptors. */
export interface ClientFacts {
  readonly id: number
  readonly address: string
  readonly localAddress: string
  readonly fileNumber: number
  readonly name: string
  readonly ageSeconds: number
  readonly idleSeconds: number
  readonly flags: string
  readonly database: number
  readonly queryBytes: number
  readonly unsentBytes: number
  readonly stashedBytes: number
  readonly command: string
  readonly protocol: number
  /** Commands queued since MULTI, -1 without it, and the memory they take. */
  readonly queued: number
  readonly queuedBytes: number
  readonly libraryName: string
  readonly libraryVersion: string
}

/** For this acceptor. @param nowMs of the monotonic clock of this thread */
export function answerQuestion(
  question: ClientQuestion,
  connections: readonly (Connection | null)[],
  gone: GoneClients,
  nowMs: number,
): Answer {
  const found = findClients(connections, question.filter)
  const facts = found.map((connection) => factsOf(connection, nowMs))
  if (question.kind === 'kill') {
    // Who asks still gets the answer.
    for (const connection of found) {
      if (connection.id !== question.asker) connection.socket.destroy()
    }
  }
  return question.kind === 'known' ? [...facts, ...gone.find(question.filter.ids)] : facts
}

/** The last clients that have gone, so that SLOWLOG can still say who they were. */
export class GoneClients {
  readonly #facts: ClientFacts[] = []
  #next = 0

  add(connection: Connection, nowMs: number): void {
    this.#facts[this.#next] = factsOf(connection, nowMs)
    this.#next = (this.#next + 1) % GONE_MAX
  }

  find(ids: readonly number[]): ClientFacts[] {
    return this.#facts.filter(({ id }) => ids.includes(id))
  }
}

const GONE_MAX = 256

/** Clients of this thread that match. */
function findClients(
  connections: readonly (Connection | null)[],
  filter: ClientFilter,
): Connection[] {
  const ids = filter.ids === undefined ? undefined : new Set(filter.ids)
  const found: Connection[] = []
  for (const connection of connections) {
    if (connection === null || connection.closed) continue
    if (ids !== undefined && !ids.has(connection.id)) continue
    if (filter.exceptId === connection.id) continue
    if (filter.address !== undefined && filter.address !== connection.address) continue
    if (filter.localAddress !== undefined && filter.localAddress !== connection.localAddress) {
      continue
    }
    if (filter.type !== undefined && filter.type !== typeOf(connection)) continue
    found.push(connection)
  }
  return found
}

/** @param nowMs of the monotonic clock of this thread */
export function factsOf(connection: Connection, nowMs: number): ClientFacts {
  const { socket, stash } = connection
  return {
    id: connection.id,
    address: connection.address,
    localAddress: connection.localAddress,
    fileNumber: socket.fileNumber,
    name: connection.name,
    ageSeconds: Math.floor((nowMs - connection.createdMs) / 1000),
    idleSeconds: Math.max(0, Math.floor((nowMs - connection.lastActivityMs) / 1000)),
    flags: flagsOf(connection),
    database: connection.database,
    queryBytes: (connection.query?.byteLength ?? 0) + (connection.unread?.length ?? 0),
    unsentBytes: socket.unsentBytes(),
    stashedBytes: stash.byteLength(),
    command: ROWS_BY_CODE[connection.lastCode]?.name ?? 'NULL',
    protocol: connection.protocol,
    queued: connection.transaction?.queue.count ?? -1,
    queuedBytes: connection.transaction?.heldBytes() ?? 0,
    libraryName: connection.libraryName,
    libraryVersion: connection.libraryVersion,
  }
}

/** 3.2's fields and, behind them, later ones that tools read; 7.0's in profile redis. */
export function clientLine(client: ClientFacts, profile: number): string {
  return profile === PROFILE_REDIS ? clientLine70(client) : clientLine32(client)
}

function clientLine70(client: ClientFacts): string {
  const { queryBytes, unsentBytes, stashedBytes, queuedBytes } = client
  const total = queryBytes + unsentBytes + stashedBytes + queuedBytes
  return (
    `id=${client.id} addr=${client.address} laddr=${client.localAddress} ` +
    `fd=${client.fileNumber} ` +
    `name=${client.name} age=${client.ageSeconds} idle=${client.idleSeconds} ` +
    `flags=${client.flags} db=${client.database} sub=0 psub=0 ssub=0 multi=${client.queued} ` +
    `qbuf=${client.queryBytes} qbuf-free=0 argv-mem=0 multi-mem=${client.queuedBytes} ` +
    `rbs=0 rbp=0 obl=0 ` +
    `oll=${client.unsentBytes > 0 ? 1 : 0} omem=${client.unsentBytes} tot-mem=${total} ` +
    `events=${eventsOf(client)} cmd=${client.command} user=default redir=-1 ` +
    `resp=${client.protocol}`
  )
}

function clientLine32(client: ClientFacts): string {
  const [command] = client.command.split('|')
  return (
    `id=${client.id} addr=${client.address} fd=${client.fileNumber} name=${client.name} ` +
    `age=${client.ageSeconds} idle=${client.idleSeconds} flags=${client.flags} ` +
    `db=${client.database} sub=0 psub=0 multi=${client.queued} ` +
    `qbuf=${client.queryBytes} qbuf-free=0 ` +
    `obl=0 oll=${client.unsentBytes > 0 ? 1 : 0} omem=${client.unsentBytes} ` +
    `events=${eventsOf(client)} cmd=${command} laddr=${client.localAddress} user=default ` +
    `redir=-1 resp=${client.protocol} lib-name=${client.libraryName} ` +
    `lib-ver=${client.libraryVersion}`
  )
}

function eventsOf({ unsentBytes }: ClientFacts): string {
  return unsentBytes > 0 ? 'rw' : 'r'
}

function typeOf(_connection: Connection): ClientType {
  return 'normal'
}

function flagsOf(connection: Connection): string {
  let flags = ''
  if (connection.monitors) flags += 'O'
  if (connection.closing) flags += 'c'
  if (connection.readOnly) flags += 'r'
  if (connection.noEvict) flags += 'e'
  if (connection.transaction !== null) flags += 'x'
  if ((connection.stopped & STOPPED_BLOCKED) !== 0) flags += 'b'
  else if (connection.later !== null && connection.lastCode !== 0) flags += blockedFlag(connection)
  return flags === '' ? 'N' : flags
}

/** CLIENT LIST itself waits for other acceptors: that is no blocked client. */
function blockedFlag({ lastCode }: Connection): string {
  return ROWS_BY_CODE[lastCode]?.name === 'wait' ? 'b' : ''
}
