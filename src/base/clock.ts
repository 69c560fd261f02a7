// The only place that asks the machine for the time. Everything else gets a Clock.
// Wall time is for expiry and log headers; it never goes backwards within a thread (a step back
// of the system clock holds it still until time has caught up). Monotonic time is for timeouts.

export interface Clock {
  /** Milliseconds since 1970, never smaller than an earlier answer of the same clock. */
  wallMs(): number
  /** Microseconds since 1970, for TIME. */
  wallMicros(): number
  /** Milliseconds since an arbitrary start, untouched by changes of the system clock. */
  monotonicMs(): number
}

export class SystemClock implements Clock {
  #lastWallMs = 0

  wallMs(): number {
    const nowMs = Date.now()
    if (nowMs > this.#lastWallMs) this.#lastWallMs = nowMs
    return this.#lastWallMs
  }

  wallMicros(): number {
    return Math.floor((performance.timeOrigin + performance.now()) * 1000)
  }

  monotonicMs(): number {
    return performance.now()
  }
}

/** For tests: time moves only when told to. */
export class ManualClock implements Clock {
  nowMs: number

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  wallMs(): number {
    return this.nowMs
  }

  wallMicros(): number {
    return this.nowMs * 1000
  }

  monotonicMs(): number {
    return this.nowMs
  }

  advance(ms: number): void {
    this.nowMs += ms
  }
}
