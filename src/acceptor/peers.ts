// What acceptors ask and tell each other: who is connected, close this one, these commands were
// seen. Off the hot path, over a broadcast channel of the threads; answers are gathered by number.
// An acceptor that does not answer (its loop hangs) delays those who asked, nobody else. With one
// acceptor there is no channel and every question is answered at once.

import { BroadcastChannel } from 'node:worker_threads'
import type { ClientFacts, ClientFilter } from './clients.ts'

/** About clients that a filter names. */
export type ClientQuestion =
  | { readonly kind: 'clients'; readonly filter: ClientFilter }
  /** Those with these numbers, also the last that have gone. */
  | { readonly kind: 'known'; readonly filter: { readonly ids: readonly number[] } }
  /** Closes them all, but not who asks. */
  | { readonly kind: 'kill'; readonly filter: ClientFilter; readonly asker: number }

export type Question =
  | ClientQuestion
  /** Ends the wait of this one for a key. */
  | { readonly kind: 'unblock'; readonly id: number; readonly isError: boolean }

export type Notice =
  /** Lines for clients that watch with MONITOR. */
  | { readonly kind: 'commands'; readonly lines: string }
  /** The pause of clients is over. */
  | { readonly kind: 'go-on' }

/** The clients that were found. */
export type Answer = readonly ClientFacts[]

export interface PeerHandler {
  answer(question: Question): Answer
  hear(notice: Notice): void
}

interface Letter {
  readonly data: unknown
}

type Message =
  | { readonly type: 'ask'; from: number; number: number; question: Question }
  | { readonly type: 'answer'; to: number; number: number; answer: Answer }
  | { readonly type: 'tell'; notice: Notice }

interface Gathering {
  left: number
  readonly answers: Answer[]
  readonly done: (answers: readonly Answer[]) => void
}

export class Peers {
  readonly #index: number
  readonly #count: number
  readonly #handler: PeerHandler
  readonly #channel: BroadcastChannel | null
  readonly #gatherings = new Map<number, Gathering>()
  #nextNumber = 0

  /** @param name of this instance: no other process or instance hears it */
  constructor(name: string, index: number, count: number, handler: PeerHandler) {
    this.#index = index
    this.#count = count
    this.#handler = handler
    this.#channel = count > 1 ? new BroadcastChannel(`ckv acceptors ${name}`) : null
    if (this.#channel === null) return
    this.#channel.onmessage = (letter: unknown) => {
      this.#receive((letter as Letter).data as Message)
    }
    this.#channel.unref()
  }

  /** True: `gather` answers before it returns. */
  get isAlone(): boolean {
    return this.#channel === null
  }

  /** Asks every acceptor, this one first; `done` gets all answers. */
  gather(question: Question, done: (answers: readonly Answer[]) => void): void {
    const own = this.#handler.answer(question)
    if (this.#channel === null) {
      done([own])
      return
    }
    const number = this.#nextNumber++
    this.#gatherings.set(number, { left: this.#count - 1, answers: [own], done })
    this.#post({ type: 'ask', from: this.#index, number, question })
  }

  /** Tells every other acceptor. */
  tell(notice: Notice): void {
    this.#post({ type: 'tell', notice })
  }

  close(): void {
    this.#channel?.close()
  }

  #post(message: Message): void {
    this.#channel?.postMessage(message)
  }

  #receive(message: Message): void {
    if (message.type === 'tell') {
      this.#handler.hear(message.notice)
    } else if (message.type === 'ask') {
      const { from, number, question } = message
      const answer = this.#handler.answer(question)
      this.#post({ type: 'answer', to: from, number, answer })
    } else if (message.to === this.#index) {
      this.#collect(message.number, message.answer)
    }
  }

  #collect(number: number, answer: Answer): void {
    const gathering = this.#gatherings.get(number)
    if (gathering === undefined) return
    gathering.answers.push(answer)
    if (--gathering.left > 0) return
    this.#gatherings.delete(number)
    gathering.done(gathering.answers)
  }
}
