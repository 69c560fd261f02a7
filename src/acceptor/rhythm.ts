// When a turn of the acceptor's loop ends, and when the loop may sleep: two guesses about the next
// receive from those before it. Plain numbers, no clock; acceptor.ts does what it says.
//
//   alone    receives come one at a time: the turn ends in its receive. A second callback to end it
//            is a tenth of what a single command costs. One turn in ALONE_TURNS_MAX stays open, to
//            see whether more than one receive comes in a turn again.
//   linger   one client alone sends its next command within a few looks: look instead of sleeping,
//            since going to sleep and being woken cost more than the looks. Each miss takes away
//            what several hits have earned, so a client that thinks between its commands keeps no
//            core busy. With several clients sleeping is better: it lets their commands gather,
//            and what comes together is committed together.

/** So many turns of one receive each, and the next ones end in their receive. */
export const ALONE_AFTER_TURNS = 8
/** One of so many is left open. */
export const ALONE_TURNS_MAX = 32
/** Looks (5 µs each with nothing to do) before sleeping. */
export const LINGER_LOOKS = 8
/** Without luck it is tried once in so many turns. */
export const LINGER_TRY_TURNS = 64
export const LUCK_MAX = 16
/** What a miss costs of the luck; a hit earns 1. */
export const LUCK_OF_MISS = 4

export class Rhythm {
  #receives = 0
  #open = true
  #alone = false
  /** Turns of one receive since the last change or open turn. */
  #streak = 0
  #looksLeft = 0
  #luck = 0
  #talker = -1
  #turnsSinceTry = 0

  /**
   * The first receive of a turn is here.
   * @param talker the connection's slot
   * @returns leave the turn open, a callback ends it
   */
  begin(talker: number): boolean {
    if (this.#looksLeft > 0) {
      this.#looksLeft = 0
      this.#luck = talker === this.#talker ? Math.min(this.#luck + 1, LUCK_MAX) : 0
    }
    this.#talker = talker
    this.#receives = 0
    this.#open = !this.#alone || this.#streak >= ALONE_TURNS_MAX
    return this.#open
  }

  /** A receive was worked off. True: its turn ends now. */
  received(): boolean {
    this.#receives++
    if (this.#open) return false
    this.#streak++
    return true
  }

  /** The callback that ends open turns runs. */
  close(): void {
    const receives = this.#receives
    if (receives === 0 || !this.#open) return
    this.#receives = 0
    if (receives > 1) this.#alone = false
    else if (!this.#alone && ++this.#streak < ALONE_AFTER_TURNS) return
    else this.#alone = true
    this.#streak = 0
  }

  /**
   * Nothing is in flight.
   * @param worked a turn with receives has just ended; false: it was a look around
   * @returns look once more before sleeping
   */
  lingers(worked: boolean): boolean {
    if (worked) {
      if (this.#luck === 0 && ++this.#turnsSinceTry < LINGER_TRY_TURNS) return false
      this.#turnsSinceTry = 0
      this.#looksLeft = LINGER_LOOKS
      return true
    }
    if (this.#looksLeft === 0) return false
    this.#looksLeft--
    if (this.#looksLeft > 0) return true
    this.#luck = Math.max(0, this.#luck - LUCK_OF_MISS)
    return false
  }
}
