// The settings in force, on main: changes them when an acceptor asks, stores the words that threads
// read, tells every acceptor, and answers when all have said that they have them. One change after
// another, so that all threads see the same last one.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type {
  OrderDoneMessage,
  OrderMessage,
  OrderOutcome,
  SeenMessage,
  SettingsMessage,
} from '../acceptor/administration.ts'
import { passwordDigest } from '../acceptor/password.ts'
import { PASSWORD_BYTES_MAX } from '../base/limits.ts'
import { PROFILE_REDIS } from '../catalog/spec.ts'
import type { ServerFacts } from '../executor/facts.ts'
import { rewriteOptions } from '../options/config-file.ts'
import { type ConfigComplaint, changeSettings } from '../options/config-set.ts'
import { clientsThatFit, type Machine } from '../options/derived.ts'
import { isLoopback } from '../options/parse.ts'
import type { Settings } from '../options/settings.ts'
import { storeOptionWords } from '../options/words.ts'
import { OPTIONS_GENERATION_WORD } from '../rows/layout.ts'
import * as replies from '../wire/admin-replies.ts'
import type { ThreadHandle } from './threads.ts'

const HIDDEN = '(redacted)'

interface Change {
  readonly asker: ThreadHandle
  readonly number: number
  left: number
}

export class SettingsKeeper {
  readonly #facts: ServerFacts
  readonly #words: Int32Array
  readonly #machine: Machine
  readonly #acceptors: () => readonly ThreadHandle[]
  /** Changes that some acceptor has not seen yet, by generation. */
  readonly #changes = new Map<number, Change>()
  #settings: Settings
  #generation = 0
  /** Called with the new settings after each change. */
  onChange: (settings: Settings) => void = () => {}

  constructor(
    facts: ServerFacts,
    words: Int32Array,
    machine: Machine,
    acceptors: () => readonly ThreadHandle[],
  ) {
    this.#facts = facts
    this.#words = words
    this.#machine = machine
    this.#acceptors = acceptors
    const { options, passwordDigest } = facts
    this.#settings = { options, free: {}, passwordDigest }
    storeOptionWords(words, options)
  }

  /** False: the order is about something else. */
  take(asker: ThreadHandle, { number, order }: OrderMessage): boolean {
    if (order.kind === 'config-set') this.#change(asker, number, order.words)
    else if (order.kind === 'config-rewrite') answer(asker, number, this.#rewrite())
    else return false
    return true
  }

  #change(asker: ThreadHandle, number: number, words: readonly string[]): void {
    const clientsMax = clientsThatFit(this.#machine, this.#settings.options)
    const outcome = changeSettings(this.#settings, words, {
      digestOf: (password) => this.#digestOf(password),
      clientsMax,
    })
    if (outcome.kind === 'complaint') {
      answer(asker, number, this.#complaintText(outcome.complaint))
      return
    }
    this.#settings = outcome.settings
    this.#generation++
    storeOptionWords(this.#words, outcome.settings.options)
    Atomics.store(this.#words, OPTIONS_GENERATION_WORD, this.#generation)
    const acceptors = this.#acceptors()
    this.#changes.set(this.#generation, { asker, number, left: acceptors.length })
    for (const { worker } of acceptors) {
      const { settings } = outcome
      worker.postMessage({
        kind: 'settings',
        generation: this.#generation,
        settings,
      } satisfies SettingsMessage)
    }
    this.onChange(outcome.settings)
  }

  /** An acceptor has the settings of that generation. */
  seen({ generation }: SeenMessage): void {
    const change = this.#changes.get(generation)
    if (change === undefined || --change.left > 0) return
    this.#changes.delete(generation)
    answer(change.asker, change.number, null)
  }

  /** Null: no password. A text: why that may not be. */
  #digestOf(password: string): Uint8Array | null | string {
    const { options, passwordKey } = this.#facts
    if (password === '') {
      return isLoopback(options.host) ? null : 'without a password only loopback is listened on'
    }
    if (password.length > PASSWORD_BYTES_MAX) return `at most ${PASSWORD_BYTES_MAX} bytes`
    return passwordDigest(passwordKey, Buffer.from(password, 'latin1'))
  }

  #complaintText({ name, value, reason }: ConfigComplaint): Uint8Array {
    if (this.#facts.profile === PROFILE_REDIS) {
      if (reason === undefined) return replies.configUnknown70(name)
      return replies.configFailed70(name, reason)
    }
    const isUnsupported = reason === undefined || reason.startsWith("can't set")
    if (isUnsupported) return replies.configUnsupported32(name)
    return replies.configInvalid32(name, name.toLowerCase() === 'requirepass' ? HIDDEN : value)
  }

  /** The file as it is now, with what changed since the start; written beside it, then renamed. */
  #rewrite(): OrderOutcome {
    const path = this.#facts.options.config
    if (path === '') return replies.CONFIG_NO_FILE
    try {
      const text = rewriteOptions(
        readFileSync(path, 'utf8'),
        this.#facts.options,
        this.#settings.options,
      )
      if (text === undefined) return replies.configRewriteFailed('it holds no JSON object')
      writeFileSync(`${path}.new`, text)
      renameSync(`${path}.new`, path)
      return null
    } catch (error) {
      return replies.configRewriteFailed((error as Error).message)
    }
  }
}

function answer({ worker }: ThreadHandle, number: number, outcome: OrderOutcome): void {
  worker.postMessage({ kind: 'order-done', number, outcome } satisfies OrderDoneMessage)
}
