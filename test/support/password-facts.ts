// The part of ServerFacts that main makes from a password.

import { PASSWORD_KEY_BYTES, passwordDigest } from '../../src/acceptor/password.ts'

export function newPasswordFacts(password: string | null): {
  passwordKey: Uint8Array
  passwordDigest: Uint8Array | null
} {
  const passwordKey = new Uint8Array(PASSWORD_KEY_BYTES).fill(7)
  if (password === null) return { passwordKey, passwordDigest: null }
  return { passwordKey, passwordDigest: passwordDigest(passwordKey, Buffer.from(password)) }
}
