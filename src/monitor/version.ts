// What this program calls itself. A test compares CKV_VERSION with package.json.

import { PROFILE_REDIS } from '../catalog/spec.ts'

export const CKV_VERSION = '0.1.0'

/** The Redis whose replies the profile gives: clients choose their commands by this number. */
export function redisVersion(profile: number): string {
  return profile === PROFILE_REDIS ? '7.0.15' : '3.2.12'
}

/** What the profile looks like to clients: `cluster`, or `standalone` where keys may mix slots. */
export function redisMode(profile: number): 'cluster' | 'standalone' {
  return profile === PROFILE_REDIS ? 'standalone' : 'cluster'
}
