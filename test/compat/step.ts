// A line of the script for clients.

export interface Step {
  words: string[]
  /** A value as JSON has it, or what its JSON text looks like. Left out: any but an error. */
  want?: unknown
}

export function step(line: string, ...want: unknown[]): Step {
  const words = line.split(' ').map((word) => (word === "''" ? '' : word))
  return want.length === 0 ? { words } : { words, want: want[0] }
}
