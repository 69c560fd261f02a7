// Slows a server down on purpose, to try the regression test: `node --import slow.ts server.ts`
// with CKV_BENCH_SLOW_PERCENT=40 makes every thread that writes to sockets use 40 % more CPU than
// it would. Each write burns what the thread owes since the last one, so the share holds at any
// load, and in acceptor threads too, since Node hands --import on to them.

import { Socket } from 'node:net'

/** Asking for the thread's CPU time costs a system call, so only every few writes do it. */
const WRITES_PER_LOOK = 8

const share = Number(process.env.CKV_BENCH_SLOW_PERCENT ?? '0') / 100
if (share > 0) {
  const write = Socket.prototype.write
  let writes = 0
  let burnedUs = 0
  Socket.prototype.write = function slowWrite(this: Socket, ...args: never[]): boolean {
    if (++writes % WRITES_PER_LOOK === 0) burnedUs += burn(burnedUs)
    return (write as (...all: unknown[]) => boolean).apply(this, args)
  } as typeof write
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
