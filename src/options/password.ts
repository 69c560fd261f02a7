// The password, wrapped so that no log line, error or dump of an object shows it by accident.

import { CkvError } from '../base/errors.ts'
import { PASSWORD_BYTES_MAX } from '../base/limits.ts'

const HIDDEN = '[password]'

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
 * From CKV_PASSWORD or the file that --password-file names; one newline at the file's end is not
 * part of it. Null when neither is given.
 * @throws CkvError when both are given, or it is empty, too long or has a line break
 */
export function readPassword(
  fromEnvironment: string | undefined,
  file: string,
  readTextFile: (path: string) => string,
): Password | null {
  if (fromEnvironment !== undefined && file !== '') {
    throw refused('CKV_PASSWORD and --password-file are both given: allowed is one of them')
  }
  if (file !== '') return checked(fromFile(file, readTextFile), `the file of --password-file`)
  return fromEnvironment === undefined ? null : checked(fromEnvironment, 'CKV_PASSWORD')
}

function fromFile(file: string, readTextFile: (path: string) => string): string {
  try {
    return readTextFile(file).replace(/\r?\n$/, '')
  } catch (error) {
    throw refused(`--password-file: cannot read '${file}': ${(error as Error).message}`)
  }
}

function checked(text: string, where: string): Password {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length === 0) throw refused(`${where} is empty: give a password or leave it out`)
  if (bytes.length > PASSWORD_BYTES_MAX) {
    throw refused(`${where} is too long: allowed are ${PASSWORD_BYTES_MAX} bytes`)
  }
  if (/[\r\n\0]/.test(text)) throw refused(`${where} holds a line break or a NUL byte`)
  return new Password(bytes)
}

function refused(message: string): CkvError {
  return new CkvError('PASSWORD', message)
}
