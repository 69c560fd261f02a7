// Operating errors that end a start or a command-line call: one clear line and an exit code.
// Replies to clients are not here but in wire/replies.ts.

/** What was wrong, with the option or file named, and what is allowed. Shown as one line. */
export class CkvError extends Error {
  override name = 'CkvError'
  readonly code: string
  readonly exitCode: number

  constructor(code: string, message: string, exitCode = 1) {
    super(message)
    this.code = code
    this.exitCode = exitCode
  }
}
