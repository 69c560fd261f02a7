// Which shards must be cut where, so that every commit over several shards is whole or not there.
// A pure function over what the shards' scans found. Recovery runs it before anything is replayed.

/** One shard's part of a commit over several shards. */
export interface GroupPart {
  readonly shard: number
  /** First LSN of the commit: where the log is cut if the group is not whole. */
  readonly startLsn: number
  readonly endLsn: number
  /** The group's name: its lowest shard and the LSN of that shard's last block of the commit. */
  readonly groupShard: number
  readonly groupLsn: number
  readonly participants: number
  readonly index: number
}

/**
 * `parts` of all shards, `ends[shard]` the LSN where each log ends. Returns the ends after cutting:
 * a part behind its shard's end does not count; a group that lacks a part is cut from every shard
 * that has one, which may take parts of later groups, and so on until nothing changes.
 * `durableGroups` are groups that some shard knows to be complete, as pairs of lowest shard and
 * LSN:
 * their parts in other shards stay, although that shard does not list its own any more.
 */
export function resolveGroups(
  parts: readonly GroupPart[],
  ends: readonly number[],
  durableGroups: readonly number[],
): number[] {
  const cut = ends.slice()
  const groups = new Map<string, GroupPart[]>()
  for (const part of parts) {
    const name = `${part.groupShard}:${part.groupLsn}`
    const members = groups.get(name)
    if (members === undefined) groups.set(name, [part])
    else members.push(part)
  }
  for (let index = 0; index < durableGroups.length && groups.size > 0; index += 2) {
    groups.delete(`${durableGroups[index]}:${durableGroups[index + 1]}`)
  }
  for (let changed = true; changed; ) {
    changed = false
    for (const members of groups.values()) {
      const present = members.filter((part) => part.endLsn <= cut[part.shard])
      if (present.length === 0 || isWhole(present)) continue
      for (const part of present) cut[part.shard] = Math.min(cut[part.shard], part.startLsn)
      changed = true
    }
  }
  return cut
}

function isWhole(present: readonly GroupPart[]): boolean {
  const indexes = new Set(present.map((part) => part.index))
  return indexes.size === present[0].participants
}
