// Commands that operate the server: MONITOR and its kin. Codes 355-399.

import { ADMIN, connectionRow, LATER_PROFILES, LOADING_OK, NO_SCRIPT, STALE } from './spec.ts'

const server = { profiles: LATER_PROFILES, group: 'server' } as const
const admin = { ...server, flags: ADMIN | NO_SCRIPT | LOADING_OK | STALE } as const

export const ADMIN_ROWS = [
  connectionRow('monitor', 368, {
    ...admin,
    arity: 1,
    since: '1.0.0',
    summary: 'Shows every command that is served from here on.',
  }),
]
