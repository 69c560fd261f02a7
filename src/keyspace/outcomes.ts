// What an effect answers: the closed list.

export const EFFECT_OK = 0
/** The shard is full: answer -OOM. */
export const EFFECT_OUT_OF_MEMORY = 1
/** The log could not take the record: answer -MISCONF. */
export const EFFECT_NOT_WRITTEN = 2
/** There is no such key: nothing was done, nothing is recorded. */
export const EFFECT_NO_KEY = 3
/** The log took only a part of it, and that took place: answer -MISCONF, outcome unknown. */
export const EFFECT_PARTLY = 4
