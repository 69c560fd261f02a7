/* The token of one shard (src/ring/token.ts): NA acceptors that run in place or send to the ring, a
 * worker that goes to sleep, a coordinator that waits for the token, and a supervisor that fences
 * the holder at any step and moves everybody to the other side.
 *
 *   token[side] = epoch * 8 + thread; thread 0 = free. Thread FENCED holds a side nobody may use.
 *
 * Checked: at most one live holder inside a side that is served; every request that was sent is
 * served (no invalid end state); a fenced thread's release changes nothing.
 * Seeded bugs, each must be found:
 *   BUG1 a release does not look at the ring again     BUG2 blind release (a plain store)
 *   BUG3 `wanted` is read before the release           BUG4 sleeps without a last look
 *   BUG5 the fenced side is used again at once         BUG6 takes by load and store, no compare    */
#define NA 2
#define N 1
#define WORKER 3
#define COORDINATOR 4
#define FENCED 7
#define FREE(word) ((word & 7) == 0)

byte token[2];
byte inside[2];
byte serving = 0;
byte wanted = 0;
byte requestCount = 0;
byte served = 0;
bool ready = 0, sleeping = 0, parkedWorker = 0, parkedWaiter = 0;
/* Wraps at 16: more rings than can come between a sample and the wait on it. */
byte bell = 0;
byte placed = 0;
bool coordinated = 0;

inline wakeWorker() {
  ready = 1;
  if :: sleeping -> bell = (bell + 1) & 15; parkedWorker = 0 :: else fi
}

/* held = 0: not taken. */
inline tryTake(me, side, held) {
  held = 0;
  side = serving;
#ifdef BUG6
  if
  :: wanted == 0 && FREE(token[side]) -> held = token[side] | me; token[side] = held
  :: else
  fi
#else
  if
  :: wanted == 0 && FREE(token[side]) ->
     atomic { if :: FREE(token[side]) -> held = token[side] | me; token[side] = held :: else fi }
  :: else
  fi
#endif
}

/* Whoever is inside a side that is still its own must be alone there. */
inline enter(side, held) {
  inside[side]++;
  assert(inside[side] == 1 || token[side] != held || side != serving);
  inside[side]--
}

inline release(side, held, early) {
#ifdef BUG3
  early = wanted;
#endif
#ifdef BUG2
  token[side] = token[side] & 248;
#else
  atomic { if :: token[side] == held -> token[side] = held & 248 :: else fi };
#endif
#ifdef BUG3
  if :: early > 0 -> parkedWaiter = 0 :: else fi;
#else
  if :: wanted > 0 -> parkedWaiter = 0 :: else fi;
#endif
#ifndef BUG1
  if :: requestCount > 0 -> wakeWorker() :: else fi
#endif
}

proctype Acceptor(byte me) {
  byte side, held, early, count = 0;
  do
  :: count == N -> break
  :: else ->
     count++;
     if
     :: tryTake(me, side, held);
        if
        :: held != 0 ->
           enter(side, held);
           placed++;
           release(side, held, early)
        :: else -> requestCount++; wakeWorker()
        fi
     :: requestCount++; wakeWorker()
     fi
  od
}

proctype Worker() {
  byte side, held, early, sample;
end:
  do
  :: ready ->
     ready = 0;
     tryTake(WORKER, side, held);
     if
     :: held != 0 ->
        enter(side, held);
        served = served + requestCount;
        requestCount = 0;
        release(side, held, early)
     :: else
     fi
  :: else ->
     sleeping = 1;
     sample = bell;
#ifdef BUG4
     if :: skip ->
#else
     if
     :: ready
     :: else ->
#endif
        atomic { if :: bell == sample -> parkedWorker = 1 :: else fi };
endParked:
        !parkedWorker
     fi;
     sleeping = 0
  od
}

/* A command over several shards: waits for this shard's token. */
proctype Coordinator() {
  byte side, held, early, seen;
  wanted++;
  do
  :: side = serving;
     seen = token[side];
     if
     :: FREE(seen) ->
        held = 0;
        atomic {
          if :: token[side] == seen -> held = seen | COORDINATOR; token[side] = held :: else fi
        };
        if :: held != 0 -> break :: else fi
     :: else ->
        atomic { if :: token[side] == seen -> parkedWaiter = 1 :: else fi };
        !parkedWaiter
     fi
  od;
  wanted--;
  enter(side, held);
  coordinated = 1;
  release(side, held, early)
}

/* Fences whoever holds the token, whenever it likes, and moves everybody to the other side. The
 * worker's ring lives on: requests not served by the fenced holder are served again there. */
proctype Supervisor() {
  byte side;
  if
  :: skip
  :: side = serving;
     atomic {
       /* one compareExchange: the epoch goes up, the side is nobody's */
       token[side] = ((token[side] & 248) + 8) | FENCED;
     };
#ifdef BUG5
     token[side] = token[side] & 248;
#else
     token[1 - side] = (token[side] & 248);
     serving = 1 - side;
#endif
     parkedWaiter = 0;
     wakeWorker()
  fi
}

init {
  atomic { run Worker(); run Acceptor(1); run Acceptor(2); run Coordinator(); run Supervisor(); run Monitor() }
}

/* When nothing can move any more, nothing waits in the ring and everybody has come through. */
proctype Monitor() {
  timeout -> assert(requestCount == 0 && coordinated)
}
