// The password, wrapped so that no log line, error or dump of an object shows it by accident.

import { CkvError } from '../base/errors.ts'
import { PASSWORD_BYTES_MAX } from '../base/limits.ts'

const HIDDEN = '[password]'
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

export class Password {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The bytes themselves, for comparing only. */
  reveal(): Uint8Array {
    return this.#bytes
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }
}

/**
 * From CKV_PASSWORD or the file that --password-file names, whose bytes are taken as they are but
 * for one line end behind them. Null when neither is given.
 * @throws CkvError when both are given, or it is empty, too long or has a line break
 */
export function readPassword(
  fromEnvironment: string | undefined,
  file: string,
  readFile: (path: string) => Uint8Array,
): Password | null {
  if (fromEnvironment !== undefined && file !== '') {
    throw refused('CKV_PASSWORD and --password-file are both given: allowed is one of them')
  }
  if (file !== '') return checked(fromFile(file, readFile), `the file of --password-file`)
  if (fromEnvironment === undefined) return null
  return checked(new TextEncoder().encode(fromEnvironment), 'CKV_PASSWORD')
}

/** Not through a text: a password need not be UTF-8, and clients send bytes. */
function fromFile(file: string, readFile: (path: string) => Uint8Array): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = readFile(file)
  } catch (error) {
    throw refused(`--password-file: cannot read '${file}': ${(error as Error).message}`)
  }
  let end = bytes.length
  if (bytes[end - 1] === LINE_FEED) end--
  if (end < bytes.length && bytes[end - 1] === CARRIAGE_RETURN) end--
  return bytes.slice(0, end)
}

function checked(bytes: Uint8Array, where: string): Password {
  if (bytes.length === 0) throw refused(`${where} is empty: give a password or leave it out`)
  if (bytes.length > PASSWORD_BYTES_MAX) {
    throw refused(`${where} is too long: allowed are ${PASSWORD_BYTES_MAX} bytes`)
  }
  if (bytes.some((byte) => byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === 0)) {
    throw refused(`${where} holds a line break or a NUL byte`)
  }
  return new Password(bytes)
}

function refused(message: string): CkvError {
  return new CkvError('PASSWORD', message)
}
