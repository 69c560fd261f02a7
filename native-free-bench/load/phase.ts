// The words that the main thread and the load threads of one measurement share.
//
//   word 0  PHASE     main stores and notifies, every load thread reads
//   word 1  READY     every load thread adds one when its connections stand
//   word 2  COUNT   load threads add the replies of the measured window, main reads
//
// A thread that dies before READY makes the job fail; the main thread then gives up on the rest.

export const PHASE_WORD = 0
export const READY_WORD = 1
export const COUNT_WORD = 2
export const PHASE_WORDS = 3

export const PHASE_CONNECT = 0
export const PHASE_WARMUP = 1
export const PHASE_MEASURE = 2
export const PHASE_STOP = 3
