// The geo family: places in sorted sets. Codes 295-309.

import {
  DENY_OOM,
  EVERY_PROFILE,
  FAST_PER_KEY,
  type KeyPlace,
  LATER_PROFILES,
  oneKey,
  READ,
  shardRow,
  WRITE,
} from './spec.ts'

const geo = { profiles: EVERY_PROFILE, group: 'geo', since: '3.2.0' } as const
const later = { profiles: LATER_PROFILES, group: 'geo' } as const

const UNIT = '(m|km|ft|mi)'
const ORDER = '[COUNT count:integer [ANY]] [ASC|DESC]'
const EXTRAS = '[WITHCOORD] [WITHDIST] [WITHHASH]'
const RADIUS = `longitude:double latitude:double radius:double ${UNIT}`
const MEMBER_RADIUS = `member radius:double ${UNIT}`
const CENTRE = '(FROMMEMBER member|FROMLONLAT longitude:double latitude:double)'
const SHAPE = `(BYRADIUS radius:double ${UNIT}|BYBOX width:double height:double ${UNIT})`

/** The searched key, and those that get the result. */
function stored(from: number): readonly KeyPlace[] {
  return [
    ...oneKey('RO access'),
    { word: 'store', from, skipped: [], access: 'OW update' },
    { word: 'storedist', from, skipped: [], access: 'OW update' },
  ]
}

export const GEO_ROWS = [
  shardRow('geoadd', 295, {
    ...geo,
    arity: -5,
    flags: WRITE | DENY_OOM | FAST_PER_KEY,
    keys: oneKey('RW update'),
    summary: 'Adds places to a sorted set.',
    syntax: 'key [NX|XX] [CH] (longitude:double latitude:double member) ...',
  }),
  shardRow('geohash', 296, {
    ...geo,
    arity: -2,
    flags: READ | FAST_PER_KEY,
    keys: oneKey('RO access'),
    summary: 'Tells the geohash of places.',
    syntax: 'key [member ...]',
  }),
  shardRow('geopos', 297, {
    ...geo,
    arity: -2,
    flags: READ | FAST_PER_KEY,
    keys: oneKey('RO access'),
    summary: 'Tells longitude and latitude of places.',
    syntax: 'key [member ...]',
  }),
  shardRow('geodist', 298, {
    ...geo,
    arity: -4,
    flags: READ | FAST_PER_KEY,
    keys: oneKey('RO access'),
    summary: 'Tells how far two places are apart.',
    syntax: `key member1:member member2:member [${UNIT}]`,
  }),
  shardRow('georadius', 299, {
    ...geo,
    arity: -6,
    flags: WRITE | DENY_OOM,
    keys: stored(6),
    summary: 'Finds or stores the places around a point.',
    syntax: `key ${RADIUS} ${EXTRAS} ${ORDER} [STORE key|STOREDIST key]`,
    words32: 'write movablekeys',
  }),
  shardRow('georadiusbymember', 300, {
    ...geo,
    arity: -5,
    flags: WRITE | DENY_OOM,
    keys: stored(5),
    summary: 'Finds or stores the places around a member.',
    syntax: `key ${MEMBER_RADIUS} ${EXTRAS} ${ORDER} [STORE key|STOREDIST key]`,
    words32: 'write movablekeys',
  }),
  shardRow('georadius_ro', 301, {
    ...later,
    since: '3.2.10',
    arity: -6,
    flags: READ,
    keys: oneKey('RO access'),
    summary: 'Finds the places around a point.',
    syntax: `key ${RADIUS} ${EXTRAS} ${ORDER}`,
  }),
  shardRow('georadiusbymember_ro', 302, {
    ...later,
    since: '3.2.10',
    arity: -5,
    flags: READ,
    keys: oneKey('RO access'),
    summary: 'Finds the places around a member.',
    syntax: `key ${MEMBER_RADIUS} ${EXTRAS} ${ORDER}`,
  }),
  shardRow('geosearch', 303, {
    ...later,
    since: '6.2.0',
    arity: -7,
    flags: READ,
    keys: oneKey('RO access'),
    summary: 'Finds the places in a circle or a box.',
    syntax: `key ${CENTRE} ${SHAPE} [ASC|DESC] [COUNT count:integer [ANY]] ${EXTRAS}`,
  }),
  shardRow('geosearchstore', 304, {
    ...later,
    since: '6.2.0',
    arity: -8,
    flags: WRITE | DENY_OOM,
    keys: [
      { first: 1, last: 1, step: 1, access: 'OW update' },
      { first: 2, last: 2, step: 1, access: 'RO access' },
    ],
    summary: 'Stores the places in a circle or a box.',
    syntax:
      `destination:key source:key ${CENTRE} ${SHAPE} ` +
      '[ASC|DESC] [COUNT count:integer [ANY]] [STOREDIST]',
  }),
] as const
