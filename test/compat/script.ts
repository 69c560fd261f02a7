// One call of every served command, with what it answers, in an order in which each finds what the
// ones before left. All keys share a slot, so cluster clients can send every line.

export interface Step {
  words: string[]
  /** A value as JSON has it, or what its JSON text looks like. Left out: any but an error. */
  want?: unknown
}

function step(line: string, ...want: unknown[]): Step {
  const words = line.split(' ').map((word) => (word === "''" ? '' : word))
  return want.length === 0 ? { words } : { words, want: want[0] }
}

const STRINGS: Step[] = [
  // First: what is counted after it is looked at when all have run.
  step('CONFIG RESETSTAT', 'OK'),
  step('FLUSHALL', 'OK'),
  step('FLUSHDB ASYNC', 'OK'),
  step('SET {s}a hello', 'OK'),
  step('SET {s}a world XX GET', 'hello'),
  step('SET {s}b 10 EX 1000 NX', 'OK'),
  step('GET {s}a', 'world'),
  step('GET {s}none', null),
  step('SETNX {s}a other', 0),
  step('SETEX {s}c 1000 lasting', 'OK'),
  step('PSETEX {s}d 1000000 lasting', 'OK'),
  step('APPEND {s}a !', 6),
  step('STRLEN {s}a', 6),
  step('GETSET {s}a again', 'world!'),
  step('GETRANGE {s}a 1 -2', 'gai'),
  step('SUBSTR {s}a 0 1', 'ag'),
  step('SETRANGE {s}a 5 st', 7),
  step('INCR {s}n', 1),
  step('DECR {s}n', 0),
  step('INCRBY {s}n 41', 41),
  step('DECRBY {s}n 20', 21),
  step('INCRBYFLOAT {s}n 0.5', '21.5'),
  step('MSET {s}x 1 {s}y 2', 'OK'),
  step('MGET {s}x {s}y {s}none', ['1', '2', null]),
  step('MSETNX {s}x 3 {s}z 4', 0),
  step('GETDEL {s}y', '2'),
  step('GETEX {s}x EX 1000', '1'),
  step('SETBIT {s}bits 7 1', 0),
  step('GETBIT {s}bits 7', 1),
  step('BITCOUNT {s}bits', 1),
  step('BITPOS {s}bits 1', 7),
  step('BITFIELD {s}bits SET u8 0 2 GET u8 0', [1, 2]),
  step('BITFIELD_RO {s}bits GET i8 0', [2]),
  step('LCS {s}x {s}none', ''),
  step('LCS {s}x {s}x LEN', 1),
  step('BITOP OR {s}or {s}bits {s}none', 1),
]

const HYPERLOGLOGS: Step[] = [
  step('PFADD {s}hll a b c', 1),
  step('PFADD {s}hll a', 0),
  step('PFCOUNT {s}hll', 3),
  step('PFCOUNT {s}hll {s}none', 3),
  step('PFMERGE {s}union {s}hll', 'OK'),
  step('DEL {s}hll {s}union', 2),
]

const KEYS: Step[] = [
  step('EXISTS {s}a {s}a {s}none', 2),
  step('TYPE {s}a', 'string'),
  step('EXPIRE {s}a 1000', 1),
  step('PEXPIRE {s}a 1000000', 1),
  step('EXPIREAT {s}a 4102444800', 1),
  step('PEXPIREAT {s}a 4102444800000', 1),
  step('EXPIRETIME {s}a', 4102444800),
  step('PEXPIRETIME {s}a', 4102444800000),
  step('TTL {s}none', -2),
  step('PTTL {s}n', -1),
  step('PERSIST {s}a', 1),
  step('RENAME {s}a {s}e', 'OK'),
  step('RENAMENX {s}e {s}x', 0),
  step('TOUCH {s}e {s}none', 1),
  step('UNLINK {s}or {s}none', 1),
  step('DEL {s}bits {s}none', 1),
  step('KEYS {s}e', ['{s}e']),
  step('SCAN 0 MATCH {s}e COUNT 10000', /^\["\d+",\[("\{s\}e")?\]\]$/),
  step('RANDOMKEY', /^"\{s\}/),
  step('DBSIZE', 6),
]

const VALUES: Step[] = [
  step('SET {s}v 12', 'OK'),
  step('COPY {s}v {s}w', 1),
  step('DUMP {s}v', /./),
  step('OBJECT ENCODING {s}v', 'int'),
  step('OBJECT REFCOUNT {s}v', /^\d+$/),
  step('OBJECT IDLETIME {s}v', 0),
  step('OBJECT HELP', /OBJECT/),
  step('MOVE {s}w 3', 1),
  step('SWAPDB 4 5', 'OK'),
  step('SORT {s}none', []),
  step('SORT_RO {s}none LIMIT 0 10', []),
  step('DEL {s}v', 1),
]

const SORTED_SETS: Step[] = [
  step('ZADD {s}z 1 one 2 two 3 three', 3),
  step('ZADD {s}other 5 two 7 seven', 2),
  step('ZCARD {s}z', 3),
  step('ZCOUNT {s}z (1 +inf', 2),
  step('ZINCRBY {s}z 0.5 two', /^"?2\.5"?$/),
  step('ZSCORE {s}z three', /^"?3"?$/),
  step('ZMSCORE {s}z three none', /^\["?3"?,null\]$/),
  step('ZRANK {s}z two', 1),
  step('ZREVRANK {s}z two', 1),
  step('ZRANGE {s}z 0 -1', ['one', 'two', 'three']),
  step('ZRANGE {s}z 2 3 BYSCORE LIMIT 0 1', ['two']),
  step('ZREVRANGE {s}z 0 0', ['three']),
  step('ZRANGEBYSCORE {s}z 1 (2.5', ['one']),
  step('ZREVRANGEBYSCORE {s}z 3 2', ['three', 'two']),
  step('ZRANGEBYLEX {s}z - +', ['one', 'two', 'three']),
  step('ZREVRANGEBYLEX {s}z + - LIMIT 0 1', ['three']),
  step('ZLEXCOUNT {s}z - +', 3),
  step('ZSCAN {s}z 0 MATCH t*', /^\["0",\["two",/),
  step('ZUNIONSTORE {s}dst 2 {s}z {s}other WEIGHTS 1 2 AGGREGATE MAX', 4),
  step('ZINTERSTORE {s}dst 2 {s}z {s}other', 1),
  step('ZDIFFSTORE {s}dst 2 {s}z {s}other', 2),
  step('ZRANGESTORE {s}dst {s}z 0 1', 2),
  step('ZUNION 2 {s}z {s}other', ['one', 'three', 'seven', 'two']),
  step('ZINTER 2 {s}z {s}other', ['two']),
  step('ZINTERCARD 2 {s}z {s}other LIMIT 5', 1),
  step('ZDIFF 2 {s}z {s}other', ['one', 'three']),
  step('ZRANDMEMBER {s}other 5', /^\["(two|seven)","(two|seven)"\]$/),
  step('ZMPOP 2 {s}none {s}dst MIN', /^\["\{s\}dst",/),
  step('ZPOPMIN {s}dst', /"two"/),
  step('ZPOPMAX {s}other', /"seven"/),
  step('ZREM {s}z one none', 1),
  step('ZREMRANGEBYRANK {s}z 5 6', 0),
  step('ZREMRANGEBYSCORE {s}z 2 3', 2),
  step('ZREMRANGEBYLEX {s}other - +', 1),
]

const CONNECTION: Step[] = [
  step('PING', 'PONG'),
  step('PING hello', 'hello'),
  step('ECHO hello', 'hello'),
  step('TIME', /^\["\d{10}","\d+"\]$/),
  step('READONLY', 'OK'),
  step('READWRITE', 'OK'),
  step('CLIENT SETNAME tester', 'OK'),
  step('CLIENT GETNAME', 'tester'),
  step('CLIENT SETINFO LIB-NAME tester', 'OK'),
  step('CLIENT ID', /^\d+$/),
  step('CLIENT HELP', /CLIENT/),
  step('INFO server', /redis_version/),
  step('CONFIG GET databases', /"databases"[,:]"16"/),
  step('CONFIG HELP', /CONFIG/),
  step('CONFIG SET timeout 0', 'OK'),
  step('CLIENT LIST', /id=\d+ addr=/),
  step('CLIENT INFO', /^"id=\d+ addr=/),
  step('CLIENT KILL ID 999999999', 0),
  step('CLIENT PAUSE 0 WRITE', 'OK'),
  step('CLIENT UNPAUSE', 'OK'),
  step('CLIENT REPLY ON', 'OK'),
  step('CLIENT NO-EVICT OFF', 'OK'),
  step('CLIENT UNBLOCK 999999999', 0),
  step('CLIENT GETREDIR', -1),
  step('CLIENT TRACKINGINFO', /"off"/),
  step('CLIENT TRACKING OFF', 'OK'),
  step('SLOWLOG GET', /^\[/),
  step('SLOWLOG LEN', /^\d+$/),
  step('SLOWLOG RESET', 'OK'),
  step('SLOWLOG HELP', /SLOWLOG/),
  step('LATENCY LATEST', []),
  step('LATENCY HISTORY command', []),
  step('LATENCY RESET', 0),
  step('LATENCY DOCTOR', /disabled/),
  step('LATENCY HISTOGRAM', /^(\[\]|\{\})$/),
  step('LATENCY HELP', /LATENCY/),
  step('ROLE', /"master"/),
  step('LASTSAVE', /^\d+$|^"/),
  step('WAIT 0 0', 0),
  step('MEMORY USAGE {s}e', /^\d+$/),
  step('MEMORY STATS', /total\.allocated/),
  step('MEMORY DOCTOR', /empty|full/),
  step('MEMORY PURGE', 'OK'),
  step('MEMORY MALLOC-STATS', /shard 0/),
  step('MEMORY HELP', /MEMORY/),
  step('DEBUG HELP', /DEBUG/),
  step('COMMAND COUNT', /^\d+$/),
  step('COMMAND INFO get', /^\[\["get",2,/),
  step('COMMAND GETKEYS MSET {s}a 1 {s}b 2', ['{s}a', '{s}b']),
  step('COMMAND DOCS get', /summary/),
  step('COMMAND LIST FILTERBY PATTERN ge*', /"get"/),
  step('COMMAND HELP', /COMMAND/),
  step('COMMAND', /\["get",2,/),
]

const CLUSTER: Step[] = [
  step('CLUSTER SLOTS', /^\[\[0,\d+,\["127\.0\.0\.1",/),
  step('CLUSTER NODES', /myself,master/),
  step('CLUSTER INFO', /cluster_state:ok/),
  step('CLUSTER KEYSLOT {s}a', /^\d+$/),
  step('CLUSTER COUNTKEYSINSLOT 0', 0),
  step('CLUSTER GETKEYSINSLOT 0 10', []),
  step('CLUSTER MYID', /^"[0-9a-f]{40}"$/),
  step('CLUSTER SHARDS', /"slots"/),
  step('CLUSTER HELP', /CLUSTER/),
  step('CKV HELP', /CKV/),
  step('CKV SHARDS'),
]

/** For every client. */
export const SCRIPT: readonly Step[] = [
  ...STRINGS,
  ...SORTED_SETS,
  ...HYPERLOGLOGS,
  ...KEYS,
  ...VALUES,
  ...CONNECTION,
  ...CLUSTER,
]

/** Change the connection under a client library: for plain connections only, in this order. */
export const CONNECTION_SCRIPT: readonly Step[] = [
  step('WATCH {s}a', 'OK'),
  step('UNWATCH', 'OK'),
  step('MULTI', 'OK'),
  step('DISCARD', 'OK'),
  step('MULTI', 'OK'),
  step('EXEC', []),
  step('SELECT 15', 'OK'),
  // A program's argument cannot hold its NUL bytes.
  step('RESTORE {s}r 0 \0\tvalue4757\n\0poH=Bd@.', 'OK'),
  step('GET {s}r', 'value4757'),
  step('OBJECT FREQ {s}r', /LFU/),
  step('AUTH secret', /no password is set|without any password/),
  step('HELLO 3', /"proto"/),
  step('CONFIG REWRITE', /without a config file/),
  step('CLIENT CACHING YES', /tracking mode/),
  step('LATENCY GRAPH command', /No samples/),
  step('SAVE', /not served/),
  step('BGSAVE', /not served/),
  step('BGREWRITEAOF', /not served/),
  step('SHUTDOWN ABORT', /No shutdown/),
  step('DEBUG SLEEP 0', /not allowed/),
  step('DEBUG OBJECT {s}e', /not allowed/),
  step('DEBUG SET-ACTIVE-EXPIRE 1', /not allowed/),
  step('DEBUG STRINGMATCH-LEN 1 a', /not allowed/),
  step('MONITOR', 'OK'),
  step('RESET', 'RESET'),
  step('QUIT', 'OK'),
]

/** Why the reply is not the wanted one, or undefined. */
export function judge({ words, want }: Step, reply: unknown): string | undefined {
  const text = JSON.stringify(reply) ?? 'undefined'
  const right =
    want === undefined
      ? true
      : want instanceof RegExp
        ? want.test(text)
        : JSON.stringify(want) === text
  return right ? undefined : `${words.join(' ')} → ${text.slice(0, 300)}, wanted ${want}`
}
