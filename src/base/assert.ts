// Assertions stay on in production: a wrong engine that goes on is worse than one that stops.
// The text is a constant, never built: an assertion on the hot path must not allocate.

export class AssertionFailure extends Error {
  override name = 'AssertionFailure'
}

/** Programmer errors only; operating errors (full disk, bad input) are values or CkvError. */
export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) throw new AssertionFailure(text)
}

export function unreachable(text: string): never {
  throw new AssertionFailure(text)
}
