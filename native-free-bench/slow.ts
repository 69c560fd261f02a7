// Slows a server down on purpose, to try the regression test: `node --import slow.ts server.ts`
// with CKV_BENCH_SLOW_PERCENT=40 makes every thread that writes to sockets use 40 % more CPU than
// it would. Each write burns what the thread owes since the last one, so the share holds at any
// load, and in acceptor threads too, since Node hands --import on to them.
//
// It stands in the methods that all of Node's sockets write by, under net's streams, because a
// server may write past those.

/** Asking for the thread's CPU time costs a system call, so only every few writes do it. */
const WRITES_PER_LOOK = 8
const WRITE_METHODS = ['writeBuffer', 'writev', 'writeUtf8String', 'writeLatin1String'] as const

type Write = (this: object, ...args: unknown[]) => unknown
type WriteMethods = Record<(typeof WRITE_METHODS)[number], Write>

const share = Number(process.env.CKV_BENCH_SLOW_PERCENT ?? '0') / 100
let writes = 0
let burnedUs = 0

if (share > 0) {
  const methods = writeMethods()
  for (const name of WRITE_METHODS) {
    const write = methods[name]
    methods[name] = function slowWrite(...args) {
      if (++writes % WRITES_PER_LOOK === 0) burnedUs += burn(burnedUs)
      return write.apply(this, args)
    }
  }
}

/** Where the handles of TCP sockets have their methods from. */
function writeMethods(): WriteMethods {
  const inner = process as unknown as { binding(name: string): { TCP: { prototype: object } } }
  let holder: object | null = inner.binding('tcp_wrap').TCP.prototype
  while (holder !== null && !Object.hasOwn(holder, WRITE_METHODS[0])) {
    holder = Object.getPrototypeOf(holder)
  }
  if (holder === null) throw new Error('this Node has no socket methods to slow down')
  return holder as WriteMethods
}

/** Spins until the burned time is `share` of the thread's own work; returns what it burned. */
function burn(burnedUs: number): number {
  const startUs = threadUs()
  const owedUs = (startUs - burnedUs) * share - burnedUs
  let nowUs = startUs
  while (nowUs - startUs < owedUs) nowUs = threadUs()
  return nowUs - startUs
}

function threadUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}
