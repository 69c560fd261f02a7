// Commands of Redis that no profile serves, and why: one clear error instead of `unknown command`.
// Where the document names one, profile ckv refuses it in the document's way. The README has this
// table for people.

export const NEVER_SERVED: readonly {
  readonly reason: string
  readonly names: readonly string[]
}[] = [
  {
    reason: 'there is no scripting',
    names: ['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'script'],
  },
  {
    reason: 'there are no functions',
    names: ['function', 'fcall', 'fcall_ro'],
  },
  {
    reason: 'there are no streams',
    names: [
      'xack',
      'xadd',
      'xautoclaim',
      'xclaim',
      'xdel',
      'xgroup',
      'xinfo',
      'xlen',
      'xpending',
      'xrange',
      'xread',
      'xreadgroup',
      'xrevrange',
      'xsetid',
      'xtrim',
    ],
  },
  { reason: 'there are no modules', names: ['module'] },
  { reason: 'there is one password and no users', names: ['acl'] },
  {
    reason: 'one host holds all shards, nothing is replicated to another',
    names: ['replicaof', 'slaveof', 'sync', 'psync', 'replconf', 'failover', 'migrate'],
  },
]

const REASONS: ReadonlyMap<string, string> = new Map(
  NEVER_SERVED.flatMap(({ reason, names }) => names.map((name) => [name, reason] as const)),
)

/** Why the command is not served, or undefined: it is unknown. @param name in small letters */
export function neverServedReason(name: string): string | undefined {
  return REASONS.get(name)
}
