// WATCH: registers its keys on their shards and notes in `call.watching` where, which whoever runs
// the command hands on to the client's acceptor. [redis-7.0 multi.c]
//
// A key whose time is over is removed by the lookup first, so its removal is nothing that happens
// after WATCH. One whose removal the disk refuses will be removed later, which then counts as a
// change: the transaction is done again for nothing.

import { lookup } from '../keyspace/keyspace.ts'
import { NO_PLACE } from '../keyspace/watch-area.ts'
import { entryExpiry } from '../memory/entry.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { OUT_OF_MEMORY } from '../wire/replies.ts'
import { keyArgument } from './arguments.ts'
import type { Call } from './call.ts'

export function watch(call: Call): void {
  const { watching } = call
  watching.clear()
  for (let index = 1; index < call.argCount; index++) {
    const side = keyArgument(call, index)
    const entry = lookup(side, call.nowMs)
    const place = side.watches.register(side.record, entry !== 0)
    if (place === NO_PLACE) {
      watching.release(call.sides)
      call.reply.error(OUT_OF_MEMORY)
      return
    }
    const expiryMs = entry === 0 ? NO_EXPIRY : entryExpiry(side.arena, entry)
    watching.add(side.shard, place, side.watches.version(place), expiryMs)
  }
  call.reply.ok()
}
