// Ids of the nodes that CLUSTER SLOTS and NODES show: one a side of a shard, the same at every
// start of the same instance, so that clients that cache them stay right.

import { createHash } from 'node:crypto'

/** Forty hexadecimal digits. `side` is 0 or 1: a promoted slave brings its own id along. */
export function nodeId(instance: string, shard: number, side: number): string {
  return createHash('sha1').update(`${instance}/${shard}/${side}`).digest('hex')
}
