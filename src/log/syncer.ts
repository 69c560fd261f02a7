// The sync thread's work: makes written blocks durable, says so, prepares spare segments, closes
// retired ones, asks for idle marks. No token holder ever calls fdatasync.
//
// What a durable LSN promises: every block below it survives a power cut, and so does every other
// part of a group that has a part below it (otherwise recovery would have to cut durable blocks
// behind a half group). So a shard with an undurable group is published only together with all
// shards that have one: their files are synced after its written LSN was read, before it is stored.
//
//   holder: GROUP_LONG of all parts → write(2) of all parts → WRITTEN_LONG of each
//   here:   read WRITTEN_LONG → read GROUP_LONG of all shards → sync those above their durable LSN
//   A written LSN that covers a part was stored after all writes, so the syncs cover all parts.
//
// A part in a log whose sync has failed is never durable, so all other parts of that group must not
// be called durable either: their shards fail too (#syncTogether).
//
// Which descriptor holds the written bytes: a holder that switches segments stores RETIRED, then
// ACTIVE_FD, then ACTIVE_NUMBER, then writes on. Read between two equal readings of ACTIVE_NUMBER,
// {written LSN, RETIRED, ACTIVE_FD} fit together: the bytes are in these two files.

import { assert } from '../base/assert.ts'
import { LOG_SYNC_INTERVAL_MS } from '../base/limits.ts'
import * as row from '../rows/layout.ts'
import { loadLsn, type Rows, sideLong, storeLsn } from '../rows/rows.ts'
import type { LogFs } from './files.ts'
import { segmentName } from './segment.ts'

export interface SyncTarget {
  readonly shard: number
  readonly side: number
  /** The shard's directory. */
  readonly directory: string
}

export interface SyncerHooks {
  /** The durable LSN of a shard rose, or its sync failed: wake whoever waits for it. */
  synced(shard: number, side: number): void
  /** MARK_WANTED_WORD was set: let some worker take the idle shard. */
  markWanted(shard: number, side: number): void
  /** A system call failed; said once per shard for a sync, per try for a spare. */
  failed(shard: number, side: number, operation: string, error: unknown): void
}

export class Syncer {
  readonly #targets: TargetState[]
  readonly #rows: Rows
  readonly #files: LogFs
  readonly #hooks: SyncerHooks
  readonly #segmentBytesMax: number

  /** `targets`: every side that writes a log. `segmentBytesMax` as the holders have it. */
  constructor(
    rows: Rows,
    files: LogFs,
    targets: readonly SyncTarget[],
    segmentBytesMax: number,
    hooks: SyncerHooks,
  ) {
    this.#rows = rows
    this.#segmentBytesMax = segmentBytesMax
    this.#files = files
    this.#hooks = hooks
    this.#targets = targets.map((target) => new TargetState(target))
  }

  /**
   * One turn: all that is due now. `policy` is one of FSYNC_…; `nowMs` monotonic. Returns how
   * many sides advanced. Call it on each bell under `always`, else a few times a second.
   */
  turn(policy: number, nowMs: number): number {
    let advanced = 0
    const together: TargetState[] = []
    for (const target of this.#targets) {
      if (this.#isQuiet(target)) continue
      if (!this.#refresh(target, policy, nowMs)) continue
      if (target.grouped) together.push(target)
      else advanced += this.#syncAlone(target)
    }
    if (together.length > 0) advanced += this.#syncTogether(together)
    for (const target of this.#targets) {
      if (this.#isQuiet(target)) continue
      if (Atomics.load(this.#rows.words, target.base + row.ACTIVE_FD_WORD) === 0) continue
      this.#prepareSpare(target)
      this.#wantMark(target, policy, nowMs)
      this.#noteQuiet(target)
    }
    return advanced
  }

  /** Nothing was written since the log was seen durable and marked: one load tells. */
  #isQuiet(target: TargetState): boolean {
    const changes = Atomics.load(this.#rows.words, target.base + row.LOG_CHANGES_WORD)
    target.changes = changes
    return changes === target.quietChanges
  }

  /**
   * The count of changes was read before everything else and holders raise it last (writer.ts), so
   * what came meanwhile makes the next look a whole one.
   */
  #noteQuiet(target: TargetState): void {
    const words = this.#rows.words
    const written = loadLsn(this.#rows, target.long + row.WRITTEN_LONG)
    target.quietChanges =
      !target.spareFailed &&
      Atomics.load(words, target.base + row.RETIRED_FD_WORD) === 0 &&
      loadLsn(this.#rows, target.long + row.DURABLE_LONG) === written &&
      loadLsn(this.#rows, target.long + row.MARKED_LONG) === written
        ? target.changes
        : NEVER
  }

  /** Syncs everything now, whatever the policy: at a clean stop, after the last commit. */
  syncAll(nowMs: number): number {
    for (const target of this.#targets) target.dueMs = nowMs
    return this.turn(row.FSYNC_ALWAYS, nowMs)
  }

  /** Milliseconds of monotonic time at which the next turn has work by itself. */
  nextDueMs(nowMs: number): number {
    let due = nowMs + LOG_SYNC_INTERVAL_MS
    for (const target of this.#targets) if (target.dirty) due = Math.min(due, target.dueMs)
    return Math.max(due, nowMs)
  }

  /** Reads the side's row. True when it is to be synced in this turn. */
  #refresh(target: TargetState, policy: number, nowMs: number): boolean {
    const words = this.#rows.words
    const base = target.base
    if (Atomics.load(words, base + row.ACTIVE_FD_WORD) === 0) return false
    if (Atomics.load(words, base + row.SYNC_FAILED_WORD) !== 0) return false
    this.#snapshot(target)
    const wasDirty = target.dirty
    const durable = loadLsn(this.#rows, target.long + row.DURABLE_LONG)
    target.dirty = target.written > durable
    target.grouped = loadLsn(this.#rows, target.long + row.GROUP_LONG) > durable
    // A retired file is synced under every policy: the next segment must never outlive it.
    if (target.retiredFd !== 0) return true
    if (!target.dirty || policy === row.FSYNC_NO) return false
    if (policy === row.FSYNC_ALWAYS) return true
    // The first dirty turn after a rest begins the interval, so the last write before silence is
    // synced one interval later at most.
    if (!wasDirty && target.dueMs <= nowMs) target.dueMs = nowMs + LOG_SYNC_INTERVAL_MS
    if (nowMs < target.dueMs) return false
    target.dueMs = nowMs + LOG_SYNC_INTERVAL_MS
    return true
  }

  #snapshot(target: TargetState): void {
    const words = this.#rows.words
    const base = target.base
    for (;;) {
      const number = Atomics.load(words, base + row.ACTIVE_NUMBER_WORD)
      target.written = loadLsn(this.#rows, target.long + row.WRITTEN_LONG)
      target.retiredFd = Atomics.load(words, base + row.RETIRED_FD_WORD)
      target.activeFd = Atomics.load(words, base + row.ACTIVE_FD_WORD)
      if (number === Atomics.load(words, base + row.ACTIVE_NUMBER_WORD)) return
    }
  }

  /** The files as they are now; `target.written` stays, and the bytes up to it are in them. */
  #snapshotFiles(target: TargetState): void {
    const { written } = target
    this.#snapshot(target)
    target.written = written
  }

  #syncAlone(target: TargetState): number {
    if (!this.#syncFiles(target)) return 0
    return this.#publish(target)
  }

  /**
   * Written LSNs of all shards are read first, then the groups of all, then the files: whatever
   * group a written LSN covers has raised the group LSN of each of its shards by then, so all of
   * them are here; and it stands in the files that are read last (one more switch at most came
   * between, and then both files are synced).
   */
  #syncTogether(due: readonly TargetState[]): number {
    const words = this.#rows.words
    for (const target of this.#targets) this.#snapshot(target)
    const parts: TargetState[] = []
    const lost: TargetState[] = []
    for (const target of this.#targets) {
      if (Atomics.load(words, target.base + row.ACTIVE_FD_WORD) === 0) continue
      const group = loadLsn(this.#rows, target.long + row.GROUP_LONG)
      if (Atomics.load(words, target.base + row.SYNC_FAILED_WORD) !== 0) {
        if (group > target.settledLsn) lost.push(target)
      } else if (
        due.includes(target) ||
        group > loadLsn(this.#rows, target.long + row.DURABLE_LONG)
      ) {
        parts.push(target)
      }
    }
    for (const part of parts) this.#snapshotFiles(part)
    let whole = lost.length === 0
    for (const part of parts) if (whole && !this.#syncFiles(part)) whole = false
    if (!whole) {
      this.#failTogether(parts, lost)
      return 0
    }
    let advanced = 0
    for (const part of parts) advanced += this.#publish(part)
    return advanced
  }

  /**
   * Some part of some group will never be durable: a sync of `parts` has failed now, or `lost` took
   * a part behind a sync that had failed. (Its holder saw the log healthy before the sync failed
   * and wrote after it, which may be long after.) Nothing behind the other parts may be called
   * durable. Whose they are the rows do not say: so every shard with an undurable group fails, no
   * more than that. A shard that only stayed behind would let its clients wait for ever, and looks
   * without end would find the same; one that fails tells them, and refuses writes.
   *
   * Those that go on are safe, and may take part in groups again: up to its written LSN each lost
   * log is settled, for all shards that shared a group below it are among `parts` or failed before.
   * A group above it (not written yet, or kept waiting by a full disk) has still to be looked for.
   */
  #failTogether(parts: readonly TargetState[], lost: readonly TargetState[]): void {
    for (const part of parts) this.#fail(part)
    for (const target of lost) target.settledLsn = target.written
  }

  /** fdatasync of the files that hold the bytes up to `target.written`. */
  #syncFiles(target: TargetState): boolean {
    const words = this.#rows.words
    // Read by the dispatch policy: a write(2) during an fdatasync takes long.
    Atomics.store(words, target.base + row.SYNCING_WORD, 1)
    try {
      if (target.retiredFd !== 0) this.#files.fdatasync(target.retiredFd - 1)
      this.#files.fdatasync(target.activeFd - 1)
      return true
    } catch (error) {
      // Never tried again as proof: after a failed sync the kernel may call lost pages clean.
      this.#hooks.failed(target.shard, target.side, 'fdatasync', error)
      this.#fail(target)
      return false
    } finally {
      Atomics.store(words, target.base + row.SYNCING_WORD, 0)
    }
  }

  /** `target.written` was read before the group LSNs of this turn. */
  #fail(target: TargetState): void {
    target.settledLsn = target.written
    Atomics.store(this.#rows.words, target.base + row.SYNC_FAILED_WORD, 1)
    target.dirty = false
    this.#hooks.synced(target.shard, target.side)
  }

  /** Only the sync thread stores the durable LSN and empties RETIRED. */
  #publish(target: TargetState): number {
    const words = this.#rows.words
    const before = loadLsn(this.#rows, target.long + row.DURABLE_LONG)
    assert(target.written >= before, 'the durable LSN never falls')
    storeLsn(this.#rows, target.long + row.DURABLE_LONG, target.written)
    target.dirty = false
    if (target.retiredFd !== 0) {
      const fd = target.retiredFd - 1
      target.retiredFd = 0
      Atomics.store(words, target.base + row.RETIRED_FD_WORD, 0)
      try {
        this.#files.close(fd)
      } catch (error) {
        // Its bytes are durable already; only the descriptor may be lost.
        this.#hooks.failed(target.shard, target.side, 'close', error)
      }
    }
    if (target.written === before) return 0
    this.#hooks.synced(target.shard, target.side)
    return 1
  }

  /** Makes the next segment's file ahead of need, its name durable before anything is in it. */
  #prepareSpare(target: TargetState): void {
    const words = this.#rows.words
    const base = target.base
    if (Atomics.load(words, base + row.SPARE_FD_WORD) !== 0) return
    // Not before the active file's header is durable, which it is when the retired file's sync is
    // done: behind a file that a power cut has emptied, a spare looks like a log with a hole. The
    // holder empties SPARE_FD after it has stored RETIRED, so no switch is missed here.
    if (Atomics.load(words, base + row.RETIRED_FD_WORD) !== 0) return
    // From half a segment on; an idle shard needs none.
    const start = loadLsn(this.#rows, target.long + row.SEGMENT_START_LONG)
    const used = loadLsn(this.#rows, target.long + row.WRITTEN_LONG) - start
    if (used < this.#segmentBytesMax / 2) return
    // The holder empties SPARE_FD last, so the active number read here is the new one.
    const number = Atomics.load(words, base + row.ACTIVE_NUMBER_WORD) + 1
    const path = `${target.directory}/${segmentName(number)}`
    let fd = -1
    try {
      // A left-over of a try whose directory sync failed is empty and may be used.
      fd = this.#files.open(path, target.spareNumber === number ? 'w' : 'wx')
      target.spareNumber = number
      this.#files.fsyncDirectory(target.directory)
    } catch (error) {
      if (fd >= 0) this.#files.close(fd)
      if (!target.spareFailed) this.#hooks.failed(target.shard, target.side, 'spare', error)
      target.spareFailed = true
      return
    }
    target.spareFailed = false
    Atomics.store(words, base + row.SPARE_NUMBER_WORD, number)
    Atomics.store(words, base + row.SPARE_FD_WORD, fd + 1)
  }

  /** A shard that is durable, idle for an interval, and does not end with a mark gets one. */
  #wantMark(target: TargetState, policy: number, nowMs: number): void {
    const words = this.#rows.words
    const written = loadLsn(this.#rows, target.long + row.WRITTEN_LONG)
    if (written !== target.idleLsn) {
      target.idleLsn = written
      target.idleSinceMs = nowMs
      return
    }
    if (policy === row.FSYNC_NO || nowMs - target.idleSinceMs < LOG_SYNC_INTERVAL_MS) return
    if (Atomics.load(words, target.base + row.SYNC_FAILED_WORD) !== 0) return
    if (loadLsn(this.#rows, target.long + row.DURABLE_LONG) !== written) return
    if (loadLsn(this.#rows, target.long + row.MARKED_LONG) === written) return
    // Not again at once: the holder has an interval to answer.
    target.idleSinceMs = nowMs
    // Stored here, cleared by the holder that wrote the mark or saw that it is not due.
    Atomics.store(words, target.base + row.MARK_WANTED_WORD, 1)
    this.#hooks.markWanted(target.shard, target.side)
  }
}

/** No count of changes. */
const NEVER = Number.NaN

/** What the sync thread remembers of one side. */
class TargetState {
  readonly shard: number
  readonly side: number
  readonly directory: string
  readonly base: number
  readonly long: number
  written = 0
  activeFd = 0
  retiredFd = 0
  /** After a failed sync: no log that goes on has a part of a group that has one here below it. */
  settledLsn = 0
  dirty = false
  grouped = false
  dueMs = 0
  /** Number of a spare that was created but not offered; 0 = none. */
  spareNumber = 0
  spareFailed = false
  /** Changes of the log as read in this turn, and when it was quiet; NEVER: it is not. */
  changes = 0
  quietChanges = NEVER
  /** Written LSN of the last turn, and since when it is the same. */
  idleLsn = -1
  idleSinceMs = 0

  constructor(target: SyncTarget) {
    this.shard = target.shard
    this.side = target.side
    this.directory = target.directory
    this.base = row.sideRow(target.shard, target.side)
    this.long = sideLong(target.shard, target.side, 0)
  }
}
