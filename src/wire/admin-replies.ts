// Error texts of the commands that administer: CONFIG, CLIENT, SLOWLOG, LATENCY, MEMORY, DEBUG and
// what is never served. As in replies.ts, texts are Redis's where Redis has one. [redis-7.0]

import { errorLine } from './replies.ts'

// ── CONFIG ───────────────────────────────────────────────────────────────────────────────────

export const CONFIG_NO_FILE = errorLine('The server is running without a config file')

export function configUnknown70(name: string): Uint8Array {
  return errorLine(`Unknown option or number of arguments for CONFIG SET - '${shown(name)}'`)
}

export function configFailed70(name: string, reason: string): Uint8Array {
  return errorLine(`CONFIG SET failed (possibly related to argument '${shown(name)}') - ${reason}`)
}

/** 3.2 says so of what it does not know and of what it does not change. */
export function configUnsupported32(name: string): Uint8Array {
  return errorLine(`Unsupported CONFIG parameter: ${shown(name)}`)
}

export function configInvalid32(name: string, value: string): Uint8Array {
  return errorLine(`Invalid argument '${shown(value)}' for CONFIG SET '${shown(name)}'`)
}

export function configRewriteFailed(reason: string): Uint8Array {
  return errorLine(`Rewriting config file: ${shown(reason)}`)
}

// ── CLIENT ───────────────────────────────────────────────────────────────────────────────────

export const CLIENT_ID_TOO_SMALL = errorLine('client-id should be greater than 0')
export const CLIENT_PAUSE_MODE = errorLine('CLIENT PAUSE mode must be WRITE or ALL')
export const CLIENT_UNBLOCK_REASON = errorLine('CLIENT UNBLOCK reason should be TIMEOUT or ERROR')
export const CLIENT_UNBLOCKED = Buffer.from('-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n')
export const CLIENT_CACHING_WITHOUT_TRACKING = errorLine(
  'CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT ' +
    'mode enabled',
)
export const TIMEOUT_NOT_INTEGER = errorLine('timeout is not an integer or out of range')
export const TIMEOUT_NOT_FLOAT = errorLine('timeout is not a float or out of range')
export const TIMEOUT_NEGATIVE = errorLine('timeout is negative')

export function clientUnknownType(type: string): Uint8Array {
  return errorLine(`Unknown client type '${shown(type)}'`)
}

export function clientUnknownUser(user: string): Uint8Array {
  return errorLine(`No such user '${shown(user)}'`)
}

// ── SLOWLOG, LATENCY, MEMORY, DEBUG, SHUTDOWN ────────────────────────────────────────────────

export const SLOWLOG_SUBCOMMAND_32 = errorLine(
  'Unknown SLOWLOG subcommand or wrong # of args. Try GET, RESET, LEN.',
)
export const SLOWLOG_COUNT = errorLine('count should be greater than or equal to -1')
export const DEBUG_NOT_ALLOWED = errorLine(
  'DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run ' +
    'it from a local connection, otherwise you need to set this option in the configuration ' +
    'file, and then restart the server.',
)
export const NO_SHUTDOWN = errorLine('No shutdown in progress.')

export function latencyNoSamples(event: string): Uint8Array {
  return errorLine(`No samples available for event '${shown(event)}'`)
}

// ── What is never served ─────────────────────────────────────────────────────────────────────

/** @param name in capitals @param reason what is missing, and since when or for how long */
export function neverServed(name: string, reason: string): Uint8Array {
  return errorLine(`${shown(name)} is not served by ckv: ${reason}`)
}

/** What a client sent, as a part of a sentence. */
function shown(text: string): string {
  return text.slice(0, SHOWN_CHARACTERS_MAX).replace(/[\r\n\0]/g, ' ')
}

const SHOWN_CHARACTERS_MAX = 128

// ── MONITOR ──────────────────────────────────────────────────────────────────────────────────

export const MONITOR_IN_MULTI = errorLine("MONITOR isn't allowed for DENY BLOCKING client")
