// The password is kept as HMAC(key, password), the key made anew at each start, and what a client
// sends is compared as HMAC(key, sent): both sides of the comparison have the same length and
// nothing of them can be steered byte by byte, so its time says nothing about the password.
// Every part of a check is done whether or not an earlier part failed.

import { createHmac, timingSafeEqual } from 'node:crypto'
import { PROFILE_CKV, PROFILE_REDIS } from '../catalog/spec.ts'

/** Bytes of a key for passwordDigest; take them from secretBytes of base/random.ts. */
export const PASSWORD_KEY_BYTES = 32

const COLON = 0x3a
const DEFAULT_USER = Buffer.from('default')
/** What an instance id looks like (options: --instance), with the colon behind it. */
const INSTANCE_SHAPE = /^crs-[a-z0-9]{8}:/
const INSTANCE_SHAPE_BYTES = 13

/** What ServerFacts.passwordDigest holds. */
export function passwordDigest(key: Uint8Array, password: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(password).digest()
}

/** In constant time, whatever `given` is. */
export function passwordMatches(key: Uint8Array, digest: Uint8Array, given: Uint8Array): boolean {
  return timingSafeEqual(passwordDigest(key, given), digest)
}

/** What a profile accepts, and against what: the lasting part of a check. */
export interface Guard {
  readonly instance: string
  /** One of the PROFILE_ bits. */
  readonly profile: number
  readonly passwordKey: Uint8Array
  readonly passwordDigest: Uint8Array
}

/** `wrong-form` says nothing about the password: only the shape of the text was looked at. */
export type CredentialVerdict = 'right' | 'wrong' | 'wrong-form'

/**
 * AUTH with one argument: `instance:password`; in profile redis also the plain password.
 */
export function checkSecret(guard: Guard, secret: Uint8Array): CredentialVerdict {
  const colon = secret.indexOf(COLON)
  const user = secret.subarray(0, Math.max(colon, 0))
  const withInstance =
    bit(passwordMatches(guard.passwordKey, guard.passwordDigest, secret.subarray(colon + 1))) &
    bit(colon >= 0) &
    bit(isInstance(guard, user))
  const plain = bit(passwordMatches(guard.passwordKey, guard.passwordDigest, secret))
  if (guard.profile === PROFILE_REDIS) return (withInstance | plain) === 1 ? 'right' : 'wrong'
  if (withInstance === 1) return 'right'
  return hasInstanceShape(secret) ? 'wrong' : 'wrong-form'
}

/**
 * AUTH and HELLO AUTH with two: `instance password`, or user `default` with what one argument
 * takes. Profile ckv knows the one argument only.
 */
export function checkUserAndSecret(
  guard: Guard,
  user: Uint8Array,
  secret: Uint8Array,
): CredentialVerdict {
  const matches = bit(passwordMatches(guard.passwordKey, guard.passwordDigest, secret))
  const asOne = checkSecret(guard, secret)
  if (guard.profile === PROFILE_CKV) return 'wrong-form'
  if (isDefaultUser(user)) return asOne
  if ((matches & bit(isInstance(guard, user))) === 1) return 'right'
  if (guard.profile === PROFILE_REDIS) return 'wrong'
  return hasInstanceShape(Buffer.concat([user, Buffer.from(':')])) ? 'wrong' : 'wrong-form'
}

/** True for the users that exist: `default` and the instance. They are no secret. */
export function isKnownUser(instance: string, user: Uint8Array): boolean {
  return isDefaultUser(user) || Buffer.from(instance).equals(user)
}

function isInstance(guard: Guard, user: Uint8Array): boolean {
  return Buffer.from(guard.instance).equals(user)
}

function isDefaultUser(user: Uint8Array): boolean {
  return DEFAULT_USER.equals(user)
}

function hasInstanceShape(text: Uint8Array): boolean {
  const start = Buffer.from(text.subarray(0, INSTANCE_SHAPE_BYTES)).toString('latin1')
  return INSTANCE_SHAPE.test(start)
}

function bit(truth: boolean): number {
  return truth ? 1 : 0
}
