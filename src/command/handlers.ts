// Catalog row -> function. A missing or superfluous handler for a row that is executed on shards
// does not compile.

import { CODE_COUNT, ROWS_BY_CODE, type ShardCommandName } from '../catalog/table.ts'
import { bitop } from './bit-operations.ts'
import { bitfield, bitfieldReadOnly } from './bitfield.ts'
import { bitcount, bitpos, getbit, setbit } from './bits.ts'
import * as blocking from './blocking.ts'
import type { Handler } from './call.ts'
import * as counters from './counters.ts'
import * as expiry from './expiry.ts'
import * as geo from './geo.ts'
import * as geoSearch from './geo-search.ts'
import { hincrby, hincrbyfloat } from './hash-counters.ts'
import { hrandfield } from './hash-random.ts'
import * as hashes from './hashes.ts'
import { pfadd, pfcount, pfmerge } from './hyperloglog.ts'
import * as inspection from './inspection.ts'
import * as keys from './keys.ts'
import { lmove, lmpop, rpoplpush } from './list-moves.ts'
import { lpos } from './list-search.ts'
import * as lists from './lists.ts'
import * as objects from './objects.ts'
import * as payloads from './payloads.ts'
import * as names from './rename.ts'
import * as scans from './scan.ts'
import * as server from './server.ts'
import * as algebra from './set-algebra.ts'
import { spop, srandmember } from './set-random.ts'
import { mset, msetnx } from './set-several.ts'
import * as sets from './sets.ts'
import * as sorting from './sort.ts'
import { getrange, setrange } from './string-ranges.ts'
import * as strings from './strings.ts'
import { lcs } from './subsequence.ts'
import { watch } from './watch.ts'
import { zadd, zincrby } from './zset-add.ts'
import * as zsetCombine from './zset-combine.ts'
import { zmpop, zpopmax, zpopmin } from './zset-pops.ts'
import { zrandmember } from './zset-random.ts'
import * as zsetRanges from './zset-ranges.ts'
import * as zsets from './zsets.ts'

const HANDLERS = {
  get: strings.get,
  set: strings.set,
  setnx: strings.setnx,
  setex: strings.setex,
  psetex: strings.psetex,
  append: strings.append,
  strlen: strings.strlen,
  getset: strings.getset,
  getdel: strings.getdel,
  getex: strings.getex,
  mget: strings.mget,
  mset,
  msetnx,
  getrange,
  substr: getrange,
  setrange,
  incr: counters.incr,
  decr: counters.decr,
  incrby: counters.incrby,
  decrby: counters.decrby,
  incrbyfloat: counters.incrbyfloat,
  getbit,
  setbit,
  bitcount,
  bitpos,
  bitop,
  lcs,
  bitfield,
  bitfield_ro: bitfieldReadOnly,
  pfadd,
  pfcount,
  pfmerge,
  del: keys.del,
  unlink: keys.del,
  exists: keys.exists,
  touch: keys.exists,
  type: keys.type,
  rename: names.rename,
  renamenx: names.renamenx,
  copy: names.copy,
  move: names.move,
  swapdb: names.swapdb,
  dump: payloads.dump,
  restore: payloads.restore,
  sort: sorting.sort,
  sort_ro: sorting.sort,
  'object|encoding': objects.objectEncoding,
  'object|refcount': objects.objectRefcount,
  'object|idletime': objects.objectIdletime,
  'object|freq': objects.objectFreq,
  expire: expiry.expire,
  pexpire: expiry.pexpire,
  expireat: expiry.expireat,
  pexpireat: expiry.pexpireat,
  ttl: expiry.ttl,
  pttl: expiry.pttl,
  persist: expiry.persist,
  expiretime: expiry.expiretime,
  pexpiretime: expiry.pexpiretime,
  hset: hashes.hset,
  hsetnx: hashes.hsetnx,
  hget: hashes.hget,
  hmset: hashes.hmset,
  hmget: hashes.hmget,
  hdel: hashes.hdel,
  hlen: hashes.hlen,
  hstrlen: hashes.hstrlen,
  hexists: hashes.hexists,
  hkeys: hashes.hkeys,
  hvals: hashes.hvals,
  hgetall: hashes.hgetall,
  hscan: hashes.hscan,
  geoadd: geo.geoadd,
  geohash: geo.geohash,
  geopos: geo.geopos,
  geodist: geo.geodist,
  georadius: geoSearch.georadius,
  georadiusbymember: geoSearch.georadiusbymember,
  georadius_ro: geoSearch.georadius,
  georadiusbymember_ro: geoSearch.georadiusbymember,
  geosearch: geoSearch.geosearch,
  geosearchstore: geoSearch.geosearchstore,
  hincrby,
  hincrbyfloat,
  hrandfield,
  lpush: lists.lpush,
  rpush: lists.rpush,
  lpushx: lists.lpushx,
  rpushx: lists.rpushx,
  lpop: lists.lpop,
  rpop: lists.rpop,
  llen: lists.llen,
  lindex: lists.lindex,
  lset: lists.lset,
  lrange: lists.lrange,
  ltrim: lists.ltrim,
  lrem: lists.lrem,
  linsert: lists.linsert,
  rpoplpush,
  lmove,
  lpos,
  lmpop,
  sadd: sets.sadd,
  srem: sets.srem,
  scard: sets.scard,
  sismember: sets.sismember,
  smismember: sets.smismember,
  smembers: sets.smembers,
  smove: sets.smove,
  spop,
  srandmember,
  sscan: sets.sscan,
  sinter: algebra.sinter,
  sinterstore: algebra.sinterstore,
  sunion: algebra.sunion,
  sunionstore: algebra.sunionstore,
  sdiff: algebra.sdiff,
  sdiffstore: algebra.sdiffstore,
  sintercard: algebra.sintercard,
  zadd,
  zincrby,
  zcard: zsets.zcard,
  zscore: zsets.zscore,
  zmscore: zsets.zmscore,
  zrank: zsets.zrank,
  zrevrank: zsets.zrevrank,
  zrem: zsets.zrem,
  zscan: zsets.zscan,
  zcount: zsetRanges.zcount,
  zlexcount: zsetRanges.zlexcount,
  zremrangebyrank: zsetRanges.zremrangebyrank,
  zremrangebyscore: zsetRanges.zremrangebyscore,
  zremrangebylex: zsetRanges.zremrangebylex,
  zrange: zsetRanges.zrange,
  zrevrange: zsetRanges.zrevrange,
  zrangebyscore: zsetRanges.zrangebyscore,
  zrevrangebyscore: zsetRanges.zrevrangebyscore,
  zrangebylex: zsetRanges.zrangebylex,
  zrevrangebylex: zsetRanges.zrevrangebylex,
  zrangestore: zsetRanges.zrangestore,
  zunionstore: zsetCombine.zunionstore,
  zinterstore: zsetCombine.zinterstore,
  zdiffstore: zsetCombine.zdiffstore,
  zunion: zsetCombine.zunion,
  zinter: zsetCombine.zinter,
  zintercard: zsetCombine.zintercard,
  zdiff: zsetCombine.zdiff,
  zpopmin,
  zpopmax,
  zmpop,
  zrandmember,
  blpop: blocking.blpop,
  brpop: blocking.brpop,
  brpoplpush: blocking.brpoplpush,
  blmove: blocking.blmove,
  blmpop: blocking.blmpop,
  bzpopmin: blocking.bzpopmin,
  bzpopmax: blocking.bzpopmax,
  bzmpop: blocking.bzmpop,
  keys: scans.keys,
  scan: scans.scan,
  randomkey: scans.randomkey,
  'memory|usage': inspection.memoryUsage,
  'debug|sleep': inspection.debugSleep,
  'debug|object': inspection.debugObject,
  'debug|digest': inspection.debugDigest,
  dbsize: server.dbsize,
  flushdb: server.flushdb,
  flushall: server.flushall,
  watch,
  'cluster|countkeysinslot': server.clusterCountkeysinslot,
  'cluster|getkeysinslot': server.clusterGetkeysinslot,
} satisfies Record<ShardCommandName, Handler>

/** Handler by the code of its row; undefined for rows of other places. */
export const handlersByCode: readonly (Handler | undefined)[] = joinRows()

function joinRows(): (Handler | undefined)[] {
  const byName: ReadonlyMap<string, Handler> = new Map(Object.entries(HANDLERS))
  const byCode = new Array<Handler | undefined>(CODE_COUNT).fill(undefined)
  for (const row of ROWS_BY_CODE) {
    if (row !== undefined && row.place === 'shard') byCode[row.code] = byName.get(row.name)
  }
  return byCode
}
