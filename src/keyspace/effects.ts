// The effects: the only functions that change a shard's memory, and the only door to them. Command
// handlers decide, then call one; calling it changes memory and appends its record. Recovery and
// the mirror call the same functions on a side that is `replaying`, which changes memory only, so
// both sides become equal.
//
// Every effect validates and allocates first and mutates with code that cannot throw: after
// EFFECT_OUT_OF_MEMORY or EFFECT_NOT_WRITTEN nothing has changed. Any effect on a key may answer
// EFFECT_NOT_WRITTEN, also one without a value: a long key alone makes a large record.
//
// Key and value are in the side's record (record.ts), what else an effect needs is a parameter:
//
//   record.setKey(…) -> lookup(side, now) -> record.setValue(…) -> stringSet(side, expiry)
//
// and inside:
//
//   setEffect -> locate -> allocate -> (large records: write to the file) -> change -> append

export { contentMove } from './content-move.ts'
export { hashDelete, hashSet, hashStore } from './hash-effects.ts'
export {
  databasesSwap,
  flushAll,
  flushDatabase,
  keyDelete,
  keyExpireAt,
  keyPersist,
} from './key-effects.ts'
export { keyRename } from './key-rename.ts'
export {
  LIST_HEAD,
  LIST_TAIL,
  listInsert,
  listPop,
  listPush,
  listRemove,
  listSet,
  listStore,
} from './list-effects.ts'
export {
  EFFECT_NO_KEY,
  EFFECT_NOT_WRITTEN,
  EFFECT_OK,
  EFFECT_OUT_OF_MEMORY,
  EFFECT_PARTLY,
} from './outcomes.ts'
export { setAdd, setRemove, setStore } from './set-effects.ts'
export { setMove } from './set-move.ts'
export { stringsSet } from './several-strings.ts'
export { stringAppend, stringSet, stringSetKeepExpiry, stringSetRange } from './string-effects.ts'
export { zsetAdd, zsetStore } from './zset-effects.ts'
export { zsetRemove, zsetRemoveRanks, zsetRemoveRecordedRanks } from './zset-removal.ts'
