// The part of the script (script.ts) about hashes, lists and sets. Clients make maps and sets of
// some replies, each in its own way: those are only looked at for errors.

import { type Step, step } from './step.ts'

const HASHES: Step[] = [
  step('HSET {s}hash f 1 g x', 2),
  step('HSETNX {s}hash f 2', 0),
  step('HGET {s}hash f', '1'),
  step('HMSET {s}hash h 3', 'OK'),
  step('HMGET {s}hash f none', ['1', null]),
  step('HINCRBY {s}hash f 4', 5),
  step('HINCRBYFLOAT {s}hash f 0.5', '5.5'),
  step('HDEL {s}hash h none', 1),
  step('HLEN {s}hash', 2),
  step('HSTRLEN {s}hash f', 3),
  step('HEXISTS {s}hash none', 0),
  step('HKEYS {s}hash', ['f', 'g']),
  step('HVALS {s}hash', ['5.5', 'x']),
  step('HGETALL {s}hash'),
  step('HSCAN {s}hash 0'),
  step('HRANDFIELD {s}hash', /^"[fg]"$/),
  step('DEL {s}hash', 1),
]

const LISTS: Step[] = [
  step('RPUSH {s}list a b c', 3),
  step('LPUSH {s}list z', 4),
  step('LPUSHX {s}none a', 0),
  step('RPUSHX {s}list d', 5),
  step('LLEN {s}list', 5),
  step('LINDEX {s}list -1', 'd'),
  step('LRANGE {s}list 0 1', ['z', 'a']),
  step('LSET {s}list 0 y', 'OK'),
  step('LINSERT {s}list BEFORE a x', 6),
  step('LPOS {s}list a', 2),
  step('LREM {s}list 1 x', 1),
  step('LTRIM {s}list 0 3', 'OK'),
  step('LPOP {s}list', 'y'),
  step('RPOP {s}list', 'c'),
  step('RPOPLPUSH {s}list {s}other', 'b'),
  step('LMOVE {s}list {s}other LEFT RIGHT', 'a'),
  step('LMPOP 1 {s}other LEFT', /"b"/),
  step('DEL {s}other', 1),
]

const SETS: Step[] = [
  step('SADD {s}set 1 2 3', 3),
  step('SADD {s}words a b 3', 3),
  step('SREM {s}set 1 none', 1),
  step('SCARD {s}set', 2),
  step('SISMEMBER {s}set 2', 1),
  step('SMISMEMBER {s}set 2 9', [1, 0]),
  step('SMEMBERS {s}set'),
  step('SMOVE {s}words {s}set b', 1),
  step('SRANDMEMBER {s}words', /^"[a3]"$/),
  step('SSCAN {s}set 0'),
  step('SINTER {s}set {s}words'),
  step('SINTERSTORE {s}stored {s}set {s}words', 1),
  step('SUNION {s}set {s}words'),
  step('SUNIONSTORE {s}stored {s}set {s}words', 4),
  step('SDIFF {s}set {s}words'),
  step('SDIFFSTORE {s}stored {s}set {s}words', 2),
  step('SINTERCARD 2 {s}set {s}words', 1),
  step('SPOP {s}stored', /^"[2b]"$/),
  step('DEL {s}set {s}words {s}stored', 3),
]

export const COLLECTIONS: readonly Step[] = [...HASHES, ...LISTS, ...SETS]
