// Every constant reply and every error text of the program, encoded once. No other file spells an
// error. Texts are Redis's, byte for byte: clients match on them. [redis-3.2 server.c, 7.0 where
// 3.2 has none] Where the two differ the constant exists twice, …_32 for the profiles ckv and
// extended, …_70 for redis.

import { ERROR_NAME_BYTES_MAX } from '../base/limits.ts'

/** An encoded reply from its line, without the line end. */
function line(text: string): Uint8Array {
  return Buffer.from(`${text}\r\n`, 'latin1')
}

// ── Plain replies ────────────────────────────────────────────────────────────────────────────

export const OK = line('+OK')
export const PONG = line('+PONG')
export const QUEUED = line('+QUEUED')
export const RESET = line('+RESET')
export const ZERO = line(':0')
export const ONE = line(':1')
export const MINUS_ONE = line(':-1')
export const MINUS_TWO = line(':-2')
/** RESP2's two nulls and RESP3's one. */
export const NULL_BULK = line('$-1')
export const NULL_ARRAY = line('*-1')
export const NULL = line('_')
export const EMPTY_BULK = Buffer.from('$0\r\n\r\n') as Uint8Array
export const EMPTY_ARRAY = line('*0')
export const TRUE = line('#t')
export const FALSE = line('#f')
/** What stands in front of the text of a RESP3 verbatim string. */
export const VERBATIM_TEXT = Buffer.from('txt:') as Uint8Array
/** The scan cursor's end, as a bulk. */
export const BULK_ZERO = Buffer.from('$1\r\n0\r\n') as Uint8Array

// First elements of pub/sub's pushes, as bulks.
function bulkWord(text: string): Uint8Array {
  return Buffer.from(`$${text.length}\r\n${text}\r\n`, 'latin1')
}

export const PUSH_MESSAGE = bulkWord('message')
export const PUSH_PATTERN_MESSAGE = bulkWord('pmessage')
export const PUSH_SHARD_MESSAGE = bulkWord('smessage')
export const PUSH_SUBSCRIBE = bulkWord('subscribe')
export const PUSH_PATTERN_SUBSCRIBE = bulkWord('psubscribe')
export const PUSH_SHARD_SUBSCRIBE = bulkWord('ssubscribe')
export const PUSH_UNSUBSCRIBE = bulkWord('unsubscribe')
export const PUSH_PATTERN_UNSUBSCRIBE = bulkWord('punsubscribe')
export const PUSH_SHARD_UNSUBSCRIBE = bulkWord('sunsubscribe')
/** What PING answers a RESP2 client that has subscriptions, in front of its argument. */
export const PONG_OF_SUBSCRIBER = Buffer.from('*2\r\n$4\r\npong\r\n') as Uint8Array

// TYPE answers with status lines.
export const TYPE_NONE = line('+none')
/** TYPE's answer for each TYPE_… of memory/layout.ts. */
export const TYPE_NAMES: readonly Uint8Array[] = [
  line('+string'),
  line('+list'),
  line('+set'),
  line('+zset'),
  line('+hash'),
]
export const TYPE_LIST = line('+list')
export const TYPE_SET = line('+set')
export const TYPE_ZSET = line('+zset')
export const TYPE_HASH = line('+hash')

// ── Errors of the protocol: sent, then the connection is closed ──────────────────────────────

export const PROTOCOL_INVALID_MULTIBULK_LENGTH = line(
  '-ERR Protocol error: invalid multibulk length',
)
export const PROTOCOL_INVALID_BULK_LENGTH = line('-ERR Protocol error: invalid bulk length')
export const PROTOCOL_UNBALANCED_QUOTES = line('-ERR Protocol error: unbalanced quotes in request')
export const PROTOCOL_TOO_BIG_INLINE = line('-ERR Protocol error: too big inline request')
export const PROTOCOL_TOO_BIG_MBULK_COUNT = line('-ERR Protocol error: too big mbulk count string')
export const PROTOCOL_TOO_BIG_BULK_COUNT = line('-ERR Protocol error: too big bulk count string')
export const PROTOCOL_UNAUTHENTICATED_MULTIBULK_LENGTH = line(
  '-ERR Protocol error: unauthenticated multibulk length',
)
export const PROTOCOL_UNAUTHENTICATED_BULK_LENGTH = line(
  '-ERR Protocol error: unauthenticated bulk length',
)

/** The byte goes out as it came, but line ends as blanks. */
export function protocolExpectedDollar(byte: number): Uint8Array {
  return line(`-ERR Protocol error: expected '$', got '${cleanCharacter(byte)}'`)
}

// ── Errors of arguments and values ───────────────────────────────────────────────────────────

export const SYNTAX_ERROR = line('-ERR syntax error')
export const WRONG_TYPE = line('-WRONGTYPE Operation against a key holding the wrong kind of value')
export const NO_SUCH_KEY = line('-ERR no such key')
export const SAME_OBJECT = line('-ERR source and destination objects are the same')
export const INDEX_OUT_OF_RANGE = line('-ERR index out of range')
export const NOT_AN_INTEGER = line('-ERR value is not an integer or out of range')
export const NOT_A_FLOAT = line('-ERR value is not a valid float')
export const VALUE_OUT_OF_RANGE = line('-ERR value is out of range')
export const VALUE_NOT_POSITIVE = line('-ERR value is out of range, must be positive')
export const INCREMENT_OVERFLOW = line('-ERR increment or decrement would overflow')
export const DECREMENT_OVERFLOW = line('-ERR decrement would overflow')
export const INCREMENT_NAN = line('-ERR increment would produce NaN or Infinity')
export const STRING_TOO_LONG_512MB = line('-ERR string exceeds maximum allowed size (512MB)')
export const STRING_TOO_LONG_32MB = line('-ERR string exceeds maximum allowed size (32MB)')
/** What 7.0 says instead of 512MB. */
export const STRING_TOO_LONG_70 = line(
  '-ERR string exceeds maximum allowed size (proto-max-bulk-len)',
)
export const OFFSET_OUT_OF_RANGE = line('-ERR offset is out of range')
export const BIT_OFFSET_OUT_OF_RANGE = line('-ERR bit offset is not an integer or out of range')
export const BIT_OUT_OF_RANGE = line('-ERR bit is not an integer or out of range')
export const BIT_ARGUMENT = line('-ERR The bit argument must be 1 or 0.')
export const BITOP_NOT_SOURCES = line('-ERR BITOP NOT must be called with a single source key.')
export const BITFIELD_TYPE = line(
  '-ERR Invalid bitfield type. Use something like i16 u8. ' +
    'Note that u64 is not supported but i64 is.',
)
export const BITFIELD_OVERFLOW = line('-ERR Invalid OVERFLOW type specified')
export const BITFIELD_READ_ONLY = line('-ERR BITFIELD_RO only supports the GET subcommand')
export const LCS_NOT_STRINGS = line('-ERR The specified keys must contain string values')
export const LCS_LENGTH_AND_INDEXES = line(
  '-ERR If you want both the length and indexes, please just use IDX.',
)
export const LCS_TOO_LARGE = line(
  '-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len',
)
export const LCS_NO_MEMORY = line(
  '-ERR Insufficient memory, failed allocating transient memory for LCS',
)
export const HYPERLOGLOG_WRONG_TYPE = line(
  '-WRONGTYPE Key is not a valid HyperLogLog string value.',
)
export const HYPERLOGLOG_DAMAGED = line('-INVALIDOBJ Corrupted HLL object detected')
export const MSET_ARITY = line('-ERR wrong number of arguments for MSET')
export const HASH_NOT_AN_INTEGER = line('-ERR hash value is not an integer')
/** 3.2's text. [redis-3.2 t_hash.c] */
export const HASH_NOT_A_FLOAT_32 = line('-ERR hash value is not a valid float')
export const HASH_NOT_A_FLOAT = line('-ERR hash value is not a float')
export const VALUE_IS_NAN = line('-ERR value is NaN or Infinity')
export const HMSET_ARITY_32 = line('-ERR wrong number of arguments for HMSET')
export const COUNT_OUT_OF_INT64 = line(
  '-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
)
export const LPOS_RANK_ZERO = line(
  "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
    'or use negative to start from the end of the list',
)
export const LPOS_COUNT_NEGATIVE = line("-ERR COUNT can't be negative")
export const LPOS_MAXLEN_NEGATIVE = line("-ERR MAXLEN can't be negative")
export const NUMKEYS_NOT_POSITIVE = line('-ERR numkeys should be greater than 0')
export const ZADD_XX_WITH_NX = line('-ERR XX and NX options at the same time are not compatible')
export const ZADD_GT_LT_NX = line(
  '-ERR GT, LT, and/or NX options at the same time are not compatible',
)
export const ZADD_INCR_PAIRS = line('-ERR INCR option supports a single increment-element pair')
export const SCORE_NAN = line('-ERR resulting score is not a number (NaN)')
export const SCORE_RANGE_INVALID = line('-ERR min or max is not a float')
export const MEMBER_RANGE_INVALID = line('-ERR min or max not valid string range item')
export const RANGE_LIMIT_BY_RANK = line(
  '-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
)
export const RANGE_SCORES_BY_LEX = line(
  '-ERR syntax error, WITHSCORES not supported in combination with BYLEX',
)
export const WEIGHT_NOT_A_FLOAT = line('-ERR weight value is not a float')
export const INPUT_KEYS_32 = line('-ERR at least 1 input key is needed for ZUNIONSTORE/ZINTERSTORE')
export const COUNT_NOT_POSITIVE = line('-ERR count should be greater than 0')
export const KEYS_BEYOND_ARGUMENTS = line(
  "-ERR Number of keys can't be greater than number of args",
)
export const LIMIT_NEGATIVE = line("-ERR LIMIT can't be negative")
export const INVALID_CURSOR = line('-ERR invalid cursor')
export const EXPIRE_NX_WITH_OTHERS = line(
  '-ERR NX and XX, GT or LT options at the same time are not compatible',
)
export const EXPIRE_GT_WITH_LT = line('-ERR GT and LT options at the same time are not compatible')
export const BUSY_KEY = line('-BUSYKEY Target key name already exists.')
export const DUMP_PAYLOAD_WRONG = line('-ERR DUMP payload version or checksum are wrong')
export const INVALID_TTL = line('-ERR Invalid TTL value, must be >= 0')
export const INVALID_IDLE_TIME = line('-ERR Invalid IDLETIME value, must be >= 0')
export const INVALID_FREQUENCY = line('-ERR Invalid FREQ value, must be >= 0 and <= 255')
export const IDLE_TIME_NOT_TRACKED = line(
  '-ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when ' +
    'switching between policies at runtime LRU and LFU data will take some time to adjust.',
)
export const FREQUENCY_NOT_TRACKED = line(
  '-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that ' +
    'when switching between policies at runtime LRU and LFU data will take some time to adjust.',
)
export const VALUE_OUT_OF_INT32 = line(
  '-ERR value is out of range, value must between -2147483648 and 2147483647',
)
export const SORT_NOT_A_DOUBLE = line("-ERR One or more scores can't be converted into double")
export const BAD_DATA_FORMAT = line('-ERR Bad data format')
export const UNKNOWN_TYPE = line('-ERR unknown type object')

/** 3.2: `invalid expire time in setex`. */
export function invalidExpire32(commandName: string): Uint8Array {
  return errorLine(`invalid expire time in ${cleanName(commandName)}`)
}

/** 7.0: `invalid expire time in 'setex' command`. */
export function invalidExpire70(commandName: string): Uint8Array {
  return errorLine(`invalid expire time in '${cleanName(commandName)}' command`)
}

/** ZUNION and its kin with less than one key. [redis-7.0 t_zset.c] */
export function inputKeys70(commandName: string): Uint8Array {
  return errorLine(`at least 1 input key is needed for '${cleanName(commandName)}' command`)
}

/** EXPIRE with an option that is none. [redis-7.0 expire.c] */
export function unsupportedOption(option: Uint8Array): Uint8Array {
  // Redis shows all of it, but for what follows a NUL.
  const end = option.indexOf(0)
  const shown = Buffer.from(end < 0 ? option : option.subarray(0, end))
  return errorLine(`Unsupported option ${shown.toString('latin1')}`)
}

/** The name is the catalog's: `get`, or in 7.0 `config|get`. */
export function wrongArity(commandName: string): Uint8Array {
  return errorLine(`wrong number of arguments for '${cleanName(commandName)}' command`)
}

// ── Errors of databases, connections, clients ────────────────────────────────────────────────

export const INVALID_DB_INDEX = line('-ERR invalid DB index')
export const DB_INDEX_OUT_OF_RANGE = line('-ERR DB index is out of range')
export const INVALID_FIRST_DB_INDEX = line('-ERR invalid first DB index')
export const INVALID_SECOND_DB_INDEX = line('-ERR invalid second DB index')
export const NO_AUTH = line('-NOAUTH Authentication required.')
export const INVALID_PASSWORD_32 = line('-ERR invalid password')
export const WRONG_PASS = line('-WRONGPASS invalid username-password pair or user is disabled.')
export const AUTH_WITHOUT_PASSWORD_32 = line('-ERR Client sent AUTH, but no password is set')
export const AUTH_WITHOUT_PASSWORD_70 = line(
  '-ERR AUTH <password> called without any password configured for the default user. ' +
    'Are you sure your configuration is correct?',
)
/**
 * A right password in a form that the profile does not take: the form is named, never the value.
 */
export const AUTH_FORM_CKV = line('-ERR invalid password, the form is AUTH instance:password')
export const AUTH_FORM_EXTENDED = line(
  '-ERR invalid password, the form is AUTH instance:password or AUTH instance password',
)
export const NO_PROTO = line('-NOPROTO unsupported protocol version')
export const PROTOCOL_VERSION_NOT_INTEGER = line(
  '-ERR Protocol version is not an integer or out of range',
)
export const HELLO_NO_AUTH = line(
  '-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO ' +
    'AUTH <user> <pass> option can be used to authenticate the client and select the RESP ' +
    'protocol version at the same time',
)
export const CLIENT_NAME_INVALID = line(
  '-ERR Client names cannot contain spaces, newlines or special characters.',
)
export const CLIENT_NO_SUCH = line('-ERR No such client')
export const CLIENT_INVALID_ID = line('-ERR Invalid client ID')
export const MAX_CLIENTS = line('-ERR max number of clients reached')
/** The connection was closed for its output; written to the log, clients rarely see it. */
export const OUTPUT_LIMIT = line('-ERR output buffer limit of the client exceeded')
export const PROTECTED_MODE = line(
  '-DENIED No password is set, so connections are only accepted from the loopback interface.',
)

/** HELLO with an option that is none; the option is shown. [redis-7.0 networking.c] */
export function helloSyntax(option: Uint8Array, start: number, length: number): Uint8Array {
  return errorLine(`Syntax error in HELLO option '${cleanBytes(option, start, length)}'`)
}

/** CLIENT SETINFO's attribute names. [redis-7.2] */
export function clientInfoUnrecognized(
  bytes: Uint8Array,
  start: number,
  length: number,
): Uint8Array {
  return errorLine(`Unrecognized option '${cleanBytes(bytes, start, length)}'`)
}

/** CLIENT SETINFO's values. [redis-7.2] */
export function clientInfoInvalid(attribute: string): Uint8Array {
  return errorLine(`${cleanName(attribute)} cannot contain spaces, newlines or special characters.`)
}

// ── Errors of states: full, damaged, loading, read-only ──────────────────────────────────────

export const LOADING = line('-LOADING Redis is loading the dataset in memory')
export const OUT_OF_MEMORY = line("-OOM command not allowed when used memory > 'maxmemory'.")
export const READ_ONLY_32 = line("-READONLY You can't write against a read only slave.")
export const READ_ONLY_70 = line("-READONLY You can't write against a read only replica.")
export const MISCONF_DISK_FULL = line(
  '-MISCONF Errors writing to the AOF file: No space left on device',
)
export const MISCONF_IO = line('-MISCONF Errors writing to the AOF file: Input/output error')
/** This very command was executed, its record could not be written: it may or may not survive. */
export const MISCONF_UNKNOWN = line(
  '-MISCONF Errors writing to the AOF file: outcome unknown, the effect may be lost at a restart',
)
/** The shard failed over while this command ran: it may or may not have been executed. */
export const FAILOVER_UNKNOWN = line('-ERR shard failed over, outcome unknown')
/** The shard does not answer and nothing can take over: nothing was executed. */
export const SHARD_DOWN = line('-CLUSTERDOWN The shard of this slot is not served')
export const SHUTTING_DOWN = line('-ERR server is shutting down')
export const INTERNAL_ERROR = line('-ERR internal error')

/** A failed write(2) by the system's own words, e.g. `No space left on device`. */
export function misconf(reason: string): Uint8Array {
  return line(`-MISCONF Errors writing to the AOF file: ${cleanName(reason)}`)
}

// ── Errors of slots and the cluster ──────────────────────────────────────────────────────────

export const CROSS_SLOT = line("-CROSSSLOT Keys in request don't hash to the same slot")
export const CLUSTER_DISABLED = line('-ERR This instance has cluster support disabled')
export const INVALID_SLOT = line('-ERR Invalid slot')
export const INVALID_SLOT_OR_NUMBER = line('-ERR Invalid slot or number of keys')
export const SLOT_OUT_OF_RANGE = line('-ERR Invalid or out of range slot')
export const CLUSTER_SUBCOMMAND_32 = line('-ERR Wrong CLUSTER subcommand or number of arguments')

// ── Errors of pub/sub ────────────────────────────────────────────────────────────────────────

/** A command that a RESP2 client with subscriptions may not send. */
export const SUBSCRIBER_CONTEXT_32 = line(
  '-ERR only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT allowed in this context',
)

/** The name is the catalog's, e.g. `config|get`. */
export function subscriberContext70(commandName: string): Uint8Array {
  return errorLine(
    `Can't execute '${cleanName(commandName)}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / ` +
      'QUIT / RESET are allowed in this context',
  )
}

export function pubsubSyntax32(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const subcommand = cleanBytes(bytes, start, length)
  return errorLine(`Unknown PUBSUB subcommand or wrong number of arguments for '${subcommand}'`)
}

// ── Errors of transactions ───────────────────────────────────────────────────────────────────

export const MULTI_NESTED = line('-ERR MULTI calls can not be nested')
export const EXEC_WITHOUT_MULTI = line('-ERR EXEC without MULTI')
export const DISCARD_WITHOUT_MULTI = line('-ERR DISCARD without MULTI')
export const WATCH_INSIDE_MULTI = line('-ERR WATCH inside MULTI is not allowed')
export const EXEC_ABORT = line('-EXECABORT Transaction discarded because of previous errors.')
export const EXEC_ABORT_MISCONF = line(
  '-EXECABORT Transaction discarded because of: MISCONF Errors writing to the AOF file: ' +
    'No space left on device',
)
/** EXEC itself had arguments. [redis-7.0 multi.c] */
export const EXEC_ABORT_ARITY_70 = line(
  "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
)

// ── Errors of server commands ────────────────────────────────────────────────────────────────

export const COMMAND_SUBCOMMAND_32 = line('-ERR Unknown subcommand or wrong number of arguments.')
export const COMMAND_INVALID = line('-ERR Invalid command specified')
export const COMMAND_INVALID_ARGUMENTS = line('-ERR Invalid arguments specified for command')
export const COMMAND_INVALID_ARITY = line('-ERR Invalid number of arguments specified for command')
export const COMMAND_NO_KEYS = line('-ERR The command has no key arguments')
export const CONFIG_SUBCOMMAND_32 = line(
  '-ERR CONFIG subcommand must be one of GET, SET, RESETSTAT, REWRITE',
)
export const CLIENT_SYNTAX_32 = line(
  '-ERR Syntax error, try CLIENT (LIST | KILL | GETNAME | SETNAME | PAUSE | REPLY)',
)
export const OBJECT_SYNTAX_32 = line('-ERR Syntax error. Try OBJECT (refcount|encoding|idletime)')

/** 3.2 says only the name. */
export function unknownCommand32(bytes: Uint8Array, start: number, length: number): Uint8Array {
  return errorLine(`unknown command '${cleanBytes(bytes, start, length)}'`)
}

/** The offsets of a decoded command (a CommandDecoder, or a request in a ring). */
export interface DecodedArguments {
  readonly bytes: Uint8Array
  readonly argCount: number
  readonly argStarts: Int32Array
  readonly argLengths: Int32Array
}

/**
 * 7.0 repeats the arguments as `'a' 'b' `, until 128 bytes are shown: the bound is looked at in
 * front of each argument and then cuts its bytes, not its quotes. [redis-7.0 server.c]
 */
export function unknownCommand70(command: DecodedArguments): Uint8Array {
  const { bytes, argStarts, argLengths } = command
  let shown = ''
  for (let index = 1; index < command.argCount && shown.length < ERROR_NAME_BYTES_MAX; index++) {
    const room = ERROR_NAME_BYTES_MAX - shown.length
    shown += `'${cleanBytes(bytes, argStarts[index], Math.min(argLengths[index], room))}' `
  }
  const name = cleanBytes(bytes, argStarts[0], argLengths[0])
  return errorLine(`unknown command '${name}', with args beginning with: ${shown}`)
}

/** 7.0: `unknown subcommand 'x'. Try CONFIG HELP.` */
export function unknownSubcommand70(
  commandName: string,
  bytes: Uint8Array,
  start: number,
  length: number,
): Uint8Array {
  const subcommand = cleanBytes(bytes, start, length)
  return errorLine(`unknown subcommand '${subcommand}'. Try ${cleanName(commandName)} HELP.`)
}

/** 7.0's other wording: the subcommand is known, its arguments are not. */
export function subcommandSyntax70(
  commandName: string,
  bytes: Uint8Array,
  start: number,
  length: number,
): Uint8Array {
  const subcommand = cleanBytes(bytes, start, length)
  return errorLine(
    `unknown subcommand or wrong number of arguments for '${subcommand}'. ` +
      `Try ${cleanName(commandName)} HELP.`,
  )
}

/**
 * A command that the profile in force refuses. The text contains NOPERM, so that ioredis goes on
 * after a refused INFO.
 * @param profiles those that serve it, e.g. `extended or redis`
 */
export function noPermission(commandName: string, profile: string, profiles: string): Uint8Array {
  const name = cleanName(commandName)
  return line(
    `-NOPERM command '${name}' is not served in profile ${profile}, start with ${profiles}`,
  )
}

/** A command that no profile serves. */
export function noPermissionAnywhere(commandName: string): Uint8Array {
  return line(`-NOPERM command '${cleanName(commandName)}' is not served in any profile`)
}

// ── Building texts ───────────────────────────────────────────────────────────────────────────

/** An error of our own words; line ends become blanks. */
export function errorLine(text: string): Uint8Array {
  return line(`-ERR ${text.replace(/[\r\n]/g, ' ')}`)
}

/** Names we know ourselves. */
function cleanName(name: string): string {
  return name.slice(0, ERROR_NAME_BYTES_MAX).replace(/[\r\n]/g, ' ')
}

/**
 * What a client sent, as C's "%.128s" shows it: at most 128 bytes, ended by a NUL, line ends as
 * blanks so that a reply cannot be forged inside a reply. Bytes stay bytes (latin1).
 */
function cleanBytes(bytes: Uint8Array, start: number, length: number): string {
  let text = ''
  const end = start + Math.min(length, ERROR_NAME_BYTES_MAX)
  for (let at = start; at < end && bytes[at] !== 0; at++) text += cleanCharacter(bytes[at])
  return text
}

function cleanCharacter(byte: number): string {
  return byte === 0x0d || byte === 0x0a ? ' ' : String.fromCharCode(byte)
}
