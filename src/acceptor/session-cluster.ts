// CLUSTER as clients read it: every shard is a node, all slots are served, nothing ever moves.
// A client that follows these answers reaches every shard by the one address that it dialled,
// so no MOVED is needed whatever it caches. On the acceptor. [redis-3.2 cluster.c]

import { SLOT_COUNT } from '../base/limits.ts'
import { array, map } from '../catalog/reply-tree.ts'
import { PROFILE_CKV } from '../catalog/spec.ts'
import { firstSlotOfShard, slotOfKey } from '../dispatch/slots.ts'
import { shardEpoch } from '../monitor/shard-numbers.ts'
import { WRITTEN_LONG } from '../rows/layout.ts'
import { loadLsn, sideLong } from '../rows/rows.ts'
import { encodeValue } from './encode-value.ts'
import type { Session } from './session.ts'

/** Redis's distance from a node's port to its cluster bus, which we have not; 0 = none. */
const BUS_PORT_DISTANCE = 10_000
const PORT_MAX = 65_535
/** The shard whose node answers: every connection reaches all, so it is always the same one. */
const MYSELF_SHARD = 0

interface Address {
  readonly host: string
  readonly port: number
}

/** [start, end, [host, port, id]] a shard. */
export function clusterSlots(session: Session): void {
  const { reply, facts } = session
  const address = announcedAddress(session)
  reply.arrayHeader(facts.shardCount)
  for (let shard = 0; shard < facts.shardCount; shard++) {
    reply.arrayHeader(3)
    reply.integer(firstSlotOfShard(shard, facts.shardCount))
    reply.integer(lastSlotOfShard(shard, facts.shardCount))
    reply.arrayHeader(3)
    reply.bulkText(address.host)
    reply.integer(address.port)
    reply.bulkText(facts.nodeIds[shard])
  }
}

/** A map a shard: its slots, and its only node. [redis-7.0 cluster.c] */
export function clusterShards(session: Session): void {
  const { reply, facts, rows, sides } = session
  const { host, port } = announcedAddress(session)
  reply.arrayHeader(facts.shardCount)
  for (let shard = 0; shard < facts.shardCount; shard++) {
    const first = firstSlotOfShard(shard, facts.shardCount)
    const offset = loadLsn(rows, sideLong(shard, sides[shard].side, WRITTEN_LONG))
    const node = map([
      ['id', facts.nodeIds[shard]],
      ['port', port],
      ['ip', host],
      ['endpoint', host],
      ['role', 'master'],
      ['replication-offset', offset],
      ['health', 'online'],
    ])
    const shown = map([
      ['slots', array([first, lastSlotOfShard(shard, facts.shardCount)])],
      ['nodes', array([node])],
    ])
    encodeValue(reply, shown)
  }
}

/** `id host:port[@bus] flags master ping pong epoch state slots`, a line a shard, ended by \n. */
export function clusterNodes(session: Session): void {
  const { reply, facts, sides } = session
  const { host, port } = announcedAddress(session)
  // 3.2 has no bus port in this text; later clients expect one.
  const address =
    facts.profile === PROFILE_CKV ? `${host}:${port}` : `${host}:${port}@${busPort(port)}`
  const heardMs = session.clock.wallMs()
  let text = ''
  for (let shard = 0; shard < facts.shardCount; shard++) {
    const flags = shard === MYSELF_SHARD ? 'myself,master' : 'master'
    const pongMs = shard === MYSELF_SHARD ? 0 : heardMs
    const epoch = shardEpoch(sides[shard])
    const first = firstSlotOfShard(shard, facts.shardCount)
    const last = lastSlotOfShard(shard, facts.shardCount)
    const slots = first === last ? `${first}` : `${first}-${last}`
    const node = `${facts.nodeIds[shard]} ${address} ${flags}`
    text += `${node} - 0 ${pongMs} ${epoch} connected ${slots}\n`
  }
  reply.verbatim(text)
}

export function clusterInfo(session: Session): void {
  const { reply, facts, sides } = session
  const epochs = sides.map(shardEpoch)
  const lines = [
    'cluster_state:ok',
    `cluster_slots_assigned:${SLOT_COUNT}`,
    `cluster_slots_ok:${SLOT_COUNT}`,
    'cluster_slots_pfail:0',
    'cluster_slots_fail:0',
    `cluster_known_nodes:${facts.shardCount}`,
    `cluster_size:${facts.shardCount}`,
    `cluster_current_epoch:${Math.max(...epochs)}`,
    `cluster_my_epoch:${epochs[MYSELF_SHARD]}`,
    'cluster_stats_messages_sent:0',
    'cluster_stats_messages_received:0',
    '',
  ]
  reply.verbatim(lines.join('\r\n'))
}

export function clusterKeySlot(session: Session): void {
  session.reply.integer(slotOfKey(session.bytes, session.starts[2], session.lengths[2]))
}

export function clusterMyId(session: Session): void {
  session.reply.bulkText(session.facts.nodeIds[MYSELF_SHARD])
}

function lastSlotOfShard(shard: number, shardCount: number): number {
  return firstSlotOfShard(shard + 1, shardCount) - 1
}

function busPort(port: number): number {
  return port + BUS_PORT_DISTANCE <= PORT_MAX ? port + BUS_PORT_DISTANCE : 0
}

/**
 * What the options announce, else the address by which this very client came, which it can reach
 * by definition. Never empty: an empty one means other things to other clients.
 */
function announcedAddress(session: Session): Address {
  const { announceHost, announcePort, host } = session.facts.options
  const own = parseAddress(session.connection.localAddress)
  const ownHost = own.host === '' || own.host === '?' ? host : own.host
  const ownPort = own.port === 0 ? session.facts.port : own.port
  return {
    host: announceHost === '' ? ownHost : announceHost,
    port: announcePort === 0 ? ownPort : announcePort,
  }
}

/** `1.2.3.4:6379`, `[::1]:6379`, `[::ffff:1.2.3.4]:6379` (an IPv4 client of an IPv6 socket). */
function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const host = text
    .slice(0, Math.max(colon, 0))
    .replace(/^\[|\]$/g, '')
    .replace(/^::ffff:(?=\d+\.)/i, '')
  const port = Number(text.slice(colon + 1))
  return { host, port: Number.isInteger(port) ? port : 0 }
}
