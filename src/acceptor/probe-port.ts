// Before the acceptors listen: is the port free, and which one is it when any will do?

import net from 'node:net'
import { CkvError } from '../base/errors.ts'

/**
 * Makes sure that the port is free (a second server with reusePort would bind silently too) and
 * finds out which one it is when any will do.
 */
export function probePort(host: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const probe = net.createServer()
  probe.once('error', (error: NodeJS.ErrnoException) => {
    const text = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on: ${error.code}`
    reject(new CkvError('PORT', `--port ${port} on ${host} ${text}`))
  })
  probe.listen({ host, port }, () => {
    const address = probe.address() as net.AddressInfo
    probe.close(() => resolve(address.port))
  })
  return promise
}
