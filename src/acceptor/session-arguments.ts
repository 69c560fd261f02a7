// Arguments of a session command as bytes and words, and the HELP that several families share.

import { helpLines } from '../catalog/command-docs.ts'
import type { CommandRow } from '../catalog/spec.ts'
import { COMMANDS } from '../catalog/table.ts'
import type { Session } from './session.ts'

/** A view, valid until the handler returns. */
export function argumentBytes(session: Session, index: number): Uint8Array {
  const start = session.starts[index]
  return session.bytes.subarray(start, start + session.lengths[index])
}

/** True when the argument is that word, in any case. `word` is in small letters. */
export function argumentIs(session: Session, index: number, word: string): boolean {
  return session.lengths[index] === word.length && session.argument(index).toLowerCase() === word
}

/** All arguments from `first` on, as text. */
export function argumentsFrom(session: Session, first: number): string[] {
  const texts: string[] = []
  for (let index = first; index < session.argCount; index++) texts.push(session.argument(index))
  return texts
}

/** Bytes from '!' to '~' only, which names must be made of. [redis-3.2 networking.c] */
export function isPlainText(text: string): boolean {
  return /^[!-~]*$/.test(text)
}

/** HELP of the container that the session's row belongs to. */
export function replyHelp(session: Session): void {
  const lines = helpLines(containerOf(session.row), session.facts.profile)
  session.reply.arrayHeader(lines.length)
  for (const line of lines) session.reply.simple(line)
}

function containerOf(row: CommandRow): CommandRow {
  const name = row.name.slice(0, row.name.indexOf('|'))
  return COMMANDS.find((candidate) => candidate.name === name) ?? row
}
