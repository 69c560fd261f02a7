// The pub/sub family: served by the acceptor, which owns its connections' subscriptions (room
// pubsub). Codes 310-329.

import {
  connectionRow,
  containerRow,
  EVERY_PROFILE,
  FAST_WORD,
  LATER_PROFILES,
  LOADING_OK,
  NO_SCRIPT,
  PUBSUB_OK,
  PUBSUB_WORD,
  STALE,
} from './spec.ts'

const ALWAYS = LOADING_OK | STALE
const pubsub = { profiles: EVERY_PROFILE, group: 'pubsub' } as const
const subscription = { ...pubsub, flags: PUBSUB_WORD | NO_SCRIPT | ALWAYS | PUBSUB_OK } as const
const publication = { ...pubsub, flags: PUBSUB_WORD | ALWAYS | FAST_WORD } as const
const question = { ...pubsub, flags: PUBSUB_WORD | ALWAYS } as const
/** Channels of a shard: every subscriber reaches all shards here, so they are channels apart. */
const sharded = { profiles: LATER_PROFILES, since: '7.0.0' } as const

export const PUBSUB_SUBCOMMAND_ROWS = [
  connectionRow('pubsub|channels', 316, {
    ...question,
    arity: -2,
    since: '2.8.0',
    summary: 'Lists the channels that have subscribers.',
    syntax: '[pattern]',
  }),
  connectionRow('pubsub|numsub', 317, {
    ...question,
    arity: -2,
    since: '2.8.0',
    summary: 'Counts the subscribers of channels.',
    syntax: '[channel ...]',
  }),
  connectionRow('pubsub|numpat', 318, {
    ...question,
    arity: -2,
    arityLater: 2,
    since: '2.8.0',
    summary: 'Counts the patterns that are subscribed.',
  }),
  connectionRow('pubsub|help', 319, {
    ...pubsub,
    profiles: LATER_PROFILES,
    arity: 2,
    flags: ALWAYS,
    since: '6.2.0',
    summary: 'Lists the subcommands of PUBSUB.',
  }),
  connectionRow('pubsub|shardchannels', 323, {
    ...question,
    ...sharded,
    arity: -2,
    summary: 'Lists the shard channels that have subscribers.',
    syntax: '[pattern]',
  }),
  connectionRow('pubsub|shardnumsub', 324, {
    ...question,
    ...sharded,
    arity: -2,
    summary: 'Counts the subscribers of shard channels.',
    syntax: '[shardchannel ...]',
  }),
]

export const PUBSUB_ROWS = [
  connectionRow('subscribe', 310, {
    ...subscription,
    arity: -2,
    since: '2.0.0',
    summary: 'Receives what is published to the channels from now on.',
    syntax: 'channel ...',
  }),
  connectionRow('unsubscribe', 311, {
    ...subscription,
    arity: -1,
    since: '2.0.0',
    summary: 'Takes subscriptions of channels back, all if none is named.',
    syntax: '[channel ...]',
  }),
  connectionRow('psubscribe', 312, {
    ...subscription,
    arity: -2,
    since: '2.0.0',
    summary: 'Receives what is published to channels that match the patterns.',
    syntax: 'pattern ...',
  }),
  connectionRow('punsubscribe', 313, {
    ...subscription,
    arity: -1,
    since: '2.0.0',
    summary: 'Takes subscriptions of patterns back, all if none is named.',
    syntax: '[pattern ...]',
  }),
  connectionRow('publish', 314, {
    ...publication,
    arity: 3,
    since: '2.0.0',
    summary: 'Sends a message to the subscribers of a channel; answers how many there are.',
    syntax: 'channel message',
  }),
  containerRow(
    'pubsub',
    315,
    {
      ...pubsub,
      arity: -2,
      flags: 0,
      since: '2.8.0',
      summary: 'Asks about channels, patterns and their subscribers.',
      words32: 'pubsub random loading stale',
    },
    PUBSUB_SUBCOMMAND_ROWS,
  ),
  connectionRow('ssubscribe', 320, {
    ...subscription,
    ...sharded,
    arity: -2,
    summary: 'Receives what is published to the shard channels from now on.',
    syntax: 'shardchannel ...',
  }),
  connectionRow('sunsubscribe', 321, {
    ...subscription,
    ...sharded,
    arity: -1,
    summary: 'Takes subscriptions of shard channels back, all if none is named.',
    syntax: '[shardchannel ...]',
  }),
  connectionRow('spublish', 322, {
    ...publication,
    ...sharded,
    arity: 3,
    summary: 'Sends a message to the subscribers of a shard channel; answers how many there are.',
    syntax: 'shardchannel message',
  }),
]
