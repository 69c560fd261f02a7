// Answers to commands that are not served: unknown, refused by the profile, wrong number of
// arguments. Cold: texts may be built.

import { verdict } from '../catalog/lookup.ts'
import { neverServedReason } from '../catalog/never-served.ts'
import { REFUSED_NAMES } from '../catalog/refused.ts'
import { type CommandRow, PROFILE_CKV, PROFILE_REDIS } from '../catalog/spec.ts'
import { neverServed as neverServedText, SLOWLOG_SUBCOMMAND_32 } from '../wire/admin-replies.ts'
import type { CommandDecoder } from '../wire/decoder.ts'
import type { ReplyWriter } from '../wire/encoder.ts'
import * as replies from '../wire/replies.ts'

/** Names longer than this are no command's; they are cut before they are looked at. */
const NAME_BYTES_MAX = 64

/** Of the containers that 3.2 has. */
const SUBCOMMAND_TEXTS_32: ReadonlyMap<string, Uint8Array> = new Map([
  ['cluster', replies.CLUSTER_SUBCOMMAND_32],
  ['command', replies.COMMAND_SUBCOMMAND_32],
  ['config', replies.CONFIG_SUBCOMMAND_32],
  ['client', replies.CLIENT_SYNTAX_32],
  ['slowlog', SLOWLOG_SUBCOMMAND_32],
])

const arityTexts = new Map<string, Uint8Array>()

export function wrongArity(row: CommandRow, profile: number): Uint8Array {
  const name = profile === PROFILE_REDIS ? row.name : row.name.split('|')[0]
  let text = arityTexts.get(name)
  if (text === undefined) {
    text = replies.wrongArity(name)
    arityTexts.set(name, text)
  }
  return text
}

/** To a RESP2 client that has subscriptions. */
export function subscriberContext(row: CommandRow, profile: number): Uint8Array {
  if (profile === PROFILE_REDIS) return replies.subscriberContext70(row.name)
  return replies.SUBSCRIBER_CONTEXT_32
}

export function isHello(decoder: CommandDecoder): boolean {
  return argumentText(decoder, 0).toLowerCase() === 'hello'
}

/** Answers a command whose row is missing or belongs to other profiles. */
export function refuse(reply: ReplyWriter, decoder: CommandDecoder, profile: number): void {
  const name = argumentText(decoder, 0)
  const subcommand = decoder.argCount > 1 ? argumentText(decoder, 1) : undefined
  switch (verdict(name, subcommand, profile)) {
    case 'refused':
      reply.raw(replies.noPermission(refusedName(name, subcommand), 'ckv', 'extended or redis'))
      return
    case 'refused-everywhere':
      reply.raw(replies.noPermissionAnywhere(refusedName(name, subcommand)))
      return
    case 'unknown-subcommand':
      reply.raw(unknownSubcommand(decoder, name, profile))
      return
    default:
      reply.raw(neverServed(name, profile) ?? unknownCommand(decoder, profile))
  }
}

/** The document names most refusals by one word; `config get` and the like by two. */
function refusedName(name: string, subcommand: string | undefined): string {
  const both = `${name} ${subcommand ?? ''}`.toLowerCase()
  return REFUSED_NAMES.includes(both) ? both : name.toLowerCase()
}

function neverServed(name: string, profile: number): Uint8Array | undefined {
  const reason = profile === PROFILE_CKV ? undefined : neverServedReason(name.toLowerCase())
  return reason === undefined ? undefined : neverServedText(name.toUpperCase(), reason)
}

function unknownCommand(decoder: CommandDecoder, profile: number): Uint8Array {
  if (profile === PROFILE_REDIS) return replies.unknownCommand70(decoder)
  return replies.unknownCommand32(decoder.bytes, decoder.argStarts[0], decoder.argLengths[0])
}

function unknownSubcommand(decoder: CommandDecoder, name: string, profile: number): Uint8Array {
  const text = profile === PROFILE_REDIS ? undefined : SUBCOMMAND_TEXTS_32.get(name.toLowerCase())
  if (text !== undefined) return text
  const start = decoder.argStarts[1]
  if (profile !== PROFILE_REDIS && name.toLowerCase() === 'pubsub') {
    return replies.pubsubSyntax32(decoder.bytes, start, decoder.argLengths[1])
  }
  const container = name.toUpperCase()
  return replies.unknownSubcommand70(container, decoder.bytes, start, decoder.argLengths[1])
}

function argumentText(decoder: CommandDecoder, index: number): string {
  const start = decoder.argStarts[index]
  const length = Math.min(decoder.argLengths[index], NAME_BYTES_MAX)
  return Buffer.from(decoder.bytes.subarray(start, start + length)).toString('latin1')
}
