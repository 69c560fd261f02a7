// Which function serves which command of the acceptor. A row of the catalog without a handler
// here, or a handler without a row, does not compile.

import { ALL_ROWS, CODE_COUNT, type ConnectionCommandName } from '../catalog/table.ts'
import type { SessionHandler } from './session.ts'
import * as admin from './session-admin.ts'
import { replyHelp } from './session-arguments.ts'
import { ckvShards } from './session-ckv.ts'
import { clientGetName, clientId, clientSetInfo, clientSetName } from './session-client.ts'
import * as clients from './session-clients.ts'
import {
  clusterInfo,
  clusterKeySlot,
  clusterMyId,
  clusterNodes,
  clusterShards,
  clusterSlots,
} from './session-cluster.ts'
import {
  command,
  commandCountReply,
  commandDocsReply,
  commandGetKeysReply,
  commandInfoReply,
  commandListReply,
} from './session-command.ts'
import { configGet, configResetStat, configRewrite, configSet } from './session-config.ts'
import {
  auth,
  echo,
  hello,
  ping,
  quit,
  readOnly,
  readWrite,
  reset,
  select,
  time,
} from './session-connection.ts'
import { info } from './session-info.ts'
import * as memory from './session-memory.ts'
import * as pubsub from './session-pubsub.ts'
import * as slow from './session-slowlog.ts'
import { discard, execWithoutMulti, multi, unwatch } from './session-transaction.ts'

export const sessionHandlers = {
  auth,
  echo,
  ping,
  quit,
  select,
  hello,
  reset,
  readonly: readOnly,
  readwrite: readWrite,
  time,
  multi,
  exec: execWithoutMulti,
  discard,
  unwatch,
  info,
  'client|setname': clientSetName,
  'client|getname': clientGetName,
  'client|setinfo': clientSetInfo,
  'client|id': clientId,
  'client|help': replyHelp,
  'client|list': clients.clientList,
  'client|info': clients.clientInfo,
  'client|kill': clients.clientKill,
  'client|pause': clients.clientPause,
  'client|unpause': clients.clientUnpause,
  'client|reply': clients.clientReply,
  'client|no-evict': clients.clientNoEvict,
  'client|unblock': clients.clientUnblock,
  'client|getredir': clients.clientGetRedir,
  'client|trackinginfo': clients.clientTrackingInfo,
  'client|caching': clients.clientCaching,
  'client|tracking': clients.clientTracking,
  command,
  'command|count': commandCountReply,
  'command|info': commandInfoReply,
  'command|getkeys': commandGetKeysReply,
  'command|docs': commandDocsReply,
  'command|list': commandListReply,
  'command|help': replyHelp,
  'config|get': configGet,
  'config|set': configSet,
  'config|rewrite': configRewrite,
  'config|resetstat': configResetStat,
  'config|help': replyHelp,
  'cluster|slots': clusterSlots,
  'cluster|nodes': clusterNodes,
  'cluster|info': clusterInfo,
  'cluster|keyslot': clusterKeySlot,
  'cluster|myid': clusterMyId,
  'cluster|help': replyHelp,
  monitor: admin.monitor,
  role: admin.role,
  lastsave: admin.lastSave,
  save: admin.refuseImage,
  bgsave: admin.refuseImage,
  bgrewriteaof: admin.refuseImage,
  shutdown: admin.shutdown,
  wait: admin.wait,
  'debug|set-active-expire': admin.debugSetActiveExpire,
  'debug|stringmatch-len': admin.debugStringMatch,
  'debug|help': replyHelp,
  'memory|stats': memory.memoryStats,
  'memory|doctor': memory.memoryDoctor,
  'memory|purge': memory.memoryPurge,
  'memory|malloc-stats': memory.memoryMallocStats,
  'memory|help': replyHelp,
  'cluster|shards': clusterShards,
  'slowlog|get': slow.slowlogGet,
  'slowlog|len': slow.slowlogLen,
  'slowlog|reset': slow.slowlogReset,
  'slowlog|help': replyHelp,
  'latency|latest': slow.latencyLatest,
  'latency|history': slow.latencyHistory,
  'latency|reset': slow.latencyReset,
  'latency|graph': slow.latencyGraphReply,
  'latency|doctor': slow.latencyDoctor,
  'latency|histogram': slow.latencyHistogram,
  'latency|help': replyHelp,
  'ckv|help': replyHelp,
  'ckv|shards': ckvShards,
  'object|help': replyHelp,
  subscribe: pubsub.subscribe,
  unsubscribe: pubsub.unsubscribe,
  psubscribe: pubsub.psubscribe,
  punsubscribe: pubsub.punsubscribe,
  ssubscribe: pubsub.ssubscribe,
  sunsubscribe: pubsub.sunsubscribe,
  publish: pubsub.publish,
  spublish: pubsub.spublish,
  'pubsub|channels': pubsub.pubsubChannels,
  'pubsub|numsub': pubsub.pubsubNumsub,
  'pubsub|numpat': pubsub.pubsubNumpat,
  'pubsub|shardchannels': pubsub.pubsubShardChannels,
  'pubsub|shardnumsub': pubsub.pubsubShardNumsub,
  'pubsub|help': replyHelp,
} as const satisfies Record<ConnectionCommandName, SessionHandler>

/** By the row's code; undefined for commands that are not the acceptor's. */
export const SESSION_HANDLERS_BY_CODE: readonly (SessionHandler | undefined)[] = handlersByCode()

function handlersByCode(): (SessionHandler | undefined)[] {
  const byCode = new Array<SessionHandler | undefined>(CODE_COUNT).fill(undefined)
  const byName = new Map<string, SessionHandler>(Object.entries(sessionHandlers))
  for (const row of ALL_ROWS) byCode[row.code] = byName.get(row.name)
  return byCode
}
