// What an effect answers: the closed list.

export const EFFECT_OK = 0
/** The shard is full: answer -OOM. */
export const EFFECT_OUT_OF_MEMORY = 1
/** The log could not take the record: answer -MISCONF. */
export const EFFECT_NOT_WRITTEN = 2
