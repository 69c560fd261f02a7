// Waiting for something that must become true, with a limit; never a sleep for luck.

const LOOK_MS = 10

/** How long it took, in ms. Throws when the condition is still false after `msMax`. */
export async function until(
  what: string,
  msMax: number,
  condition: () => boolean | Promise<boolean>,
): Promise<number> {
  const start = performance.now()
  for (;;) {
    if (await condition()) return performance.now() - start
    if (performance.now() - start > msMax) throw new Error(`not within ${msMax} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/** The promise's value, or an error when it takes longer than `msMax`. */
export async function within<Value>(
  what: string,
  msMax: number,
  promise: Promise<Value>,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${msMax} ms: ${what}`)), msMax)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
