// What commands about the server need of the acceptor around them: its clients, the settings in
// force, the other acceptors, and main, which alone changes settings, touches files and stops.
//
//   session ──order──▶ main ──settings──▶ every acceptor ──seen──▶ main ──done──▶ session
//
// `+OK` of CONFIG SET leaves when every acceptor has the new settings; what shards and workers read
// are words of the control rows, which main stored before it told anybody.

import type { Stopwatch } from '../executor/stopwatch.ts'
import type { Settings } from '../options/settings.ts'
import type { LaterReplies } from './later.ts'
import type { Monitors } from './monitors.ts'
import type { Peers } from './peers.ts'

/** What main is asked to do. */
export type Order =
  /** Name, value, name, value, … */
  | { readonly kind: 'config-set'; readonly words: readonly string[] }
  | { readonly kind: 'config-rewrite' }
  | { readonly kind: 'shutdown' }

/** Null: done. Else the error to reply, encoded. */
export type OrderOutcome = Uint8Array | null

/** Acceptor to main. */
export type OrderMessage = {
  readonly kind: 'order'
  readonly number: number
  readonly order: Order
}
export type SeenMessage = { readonly kind: 'settings-seen'; readonly generation: number }
/** Main to acceptor. */
export type SettingsMessage = {
  readonly kind: 'settings'
  readonly generation: number
  readonly settings: Settings
}
export type OrderDoneMessage = {
  readonly kind: 'order-done'
  readonly number: number
  readonly outcome: OrderOutcome
}

export class Administration {
  /** What is in force; replaced as a whole when main says so. */
  settings: Settings
  readonly later: LaterReplies
  readonly peers: Peers
  readonly monitors: Monitors
  readonly stopwatch: Stopwatch
  readonly #post: (message: OrderMessage | SeenMessage) => void
  readonly #waiting = new Map<number, (outcome: OrderOutcome) => void>()
  #nextNumber = 0
  /** Called when settings changed. */
  onSettings: (settings: Settings) => void = () => {}

  constructor(
    settings: Settings,
    later: LaterReplies,
    peers: Peers,
    monitors: Monitors,
    stopwatch: Stopwatch,
    post: (message: OrderMessage | SeenMessage) => void,
  ) {
    this.settings = settings
    this.later = later
    this.peers = peers
    this.monitors = monitors
    this.stopwatch = stopwatch
    this.#post = post
  }

  /** Has main do it; `done` is called when it is done everywhere, or refused. */
  order(order: Order, done: (outcome: OrderOutcome) => void): void {
    const number = this.#nextNumber++
    this.#waiting.set(number, done)
    this.#post({ kind: 'order', number, order })
  }

  /** A message of main; false: it is about something else. */
  receive(message: { readonly kind: string }): boolean {
    if (message.kind === 'settings') this.#renew(message as SettingsMessage)
    else if (message.kind === 'order-done') this.#finish(message as OrderDoneMessage)
    else return false
    return true
  }

  #renew({ generation, settings }: SettingsMessage): void {
    this.settings = settings
    this.onSettings(settings)
    this.#post({ kind: 'settings-seen', generation })
  }

  #finish({ number, outcome }: OrderDoneMessage): void {
    const done = this.#waiting.get(number)
    this.#waiting.delete(number)
    done?.(outcome)
  }
}
