/* The token of one shard (src/ring/token.ts, executor.release, shard/loop.ts): NA acceptors that run
 * in place or send to the ring, N times each; a worker that goes to sleep; a coordinator that waits
 * for the token (WAITER); a supervisor that fences whoever holds it, at any step, moves everybody
 * to the other side and has the old one used again later (FENCE). One step = one atomic operation.
 *
 *   token[side] = epoch * 8 + thread; thread 0 = free, FENCED = nobody may take it.
 *   sent / taken[side]  tails and heads of the request rings      ready  bit in the ready bitmap
 *   moved               the bell counted up since the sample: what wait(bell, sample) compares
 *
 * Two sides come with the mirror; what the code needs then beyond today's is in FENCE: a taker looks
 * again which side serves, a waiter starts anew there, and a holder that cannot release is the
 * acknowledgement (today: releaseToken is false, the thread ends).
 *
 * Checked: nobody is in a side's memory with somebody else, fenced or not; who holds a valid token
 * holds it of the side that serves; when nothing moves any more, no request waits and all came
 * through (no invalid end state). Seeded bugs, each must be found:
 *   BUG1 a release does not look at the rings again    BUG2 blind release (a plain store)
 *   BUG3 `wanted` is read before the release           BUG4 sleeps without a last look
 *   BUG5 the fenced side is used again at once         BUG6 takes by load and store, no compare
 *   BUG7 the serving side is not looked at again       BUG8 marks the shard ready before publishing
 *   BUG9 looks if the token is held before publishing */
#ifndef NA
#define NA 2
#endif
#ifndef N
#define N 1
#endif
#ifdef WAITER
#define WAITERS 1
#else
#define WAITERS 0
#endif
#ifdef FENCE
#define FENCES 1
#else
#define FENCES 0
#endif
#define WORKER 3
#define COORDINATOR 4
#define MIRROR 5
#define FENCED 7
#define FREE(word) ((word & 7) == 0)

byte token[2], inside[2], wanted[2], taken[2];
byte serving, sent, finished;
bool ready, sleeping, moved, parkedWorker, parkedWaiter, acknowledged;

/* bell.ts ringBell: whoever turns `sleeping` off owes the worker a ring. */
inline wakeWorker() {
  if
  :: atomic { sleeping -> sleeping = 0 };
     d_step { moved = 1; parkedWorker = 0 }
  :: !sleeping
  fi
}

/* acceptor/sender.ts publish: nobody is woken while somebody holds the token. */
inline sendToRing() {
#ifdef BUG8
  ready = 1;
  wakeWorker();
  sent++
#else
#ifdef BUG9
  side = serving;
  seen = token[side];
  sent++;
#else
  sent++;
  side = serving;
  seen = token[side];
#endif
  if :: FREE(seen) -> ready = 1; wakeWorker() :: else fi;
  d_step { seen = 0; side = 0 }
#endif
}

/* Locals that mean nothing any more: fewer states. */
inline forget() {
  d_step { held = 0; seen = 0; side = 0 }
}

/* executor.release */
inline release(entered) {
#ifdef BUG3
  early = wanted[side];
#endif
#ifdef BUG2
  d_step {
    inside[side] = inside[side] - entered;
    if :: token[side] != held -> acknowledged = 1 :: else fi;
    token[side] = held & 248
  };
#else
  d_step {
    inside[side] = inside[side] - entered;
    if
    :: token[side] == held -> token[side] = held & 248
    :: else -> acknowledged = 1; held = 0
    fi
  };
#endif
#ifdef BUG3
  if :: early > 0 -> parkedWaiter = 0 :: else fi;
#else
  if :: wanted[side] > 0 -> parkedWaiter = 0 :: else fi;
#endif
#ifndef BUG1
  if :: held != 0 && sent != taken[side] -> ready = 1; wakeWorker() :: else fi;
#endif
  d_step { held = 0; seen = 0; early = 0 }
}

/* Sees `seen` free: compareExchange, then is it still the side that serves? held = 0: not taken. */
inline take(me) {
#ifdef BUG6
  held = seen | me;
  token[side] = held;
#else
  atomic { if :: token[side] == seen -> held = seen | me; token[side] = held :: else fi };
#endif
#if defined(FENCE) && !defined(BUG7)
  if :: held != 0 && side != serving -> release(0) :: else fi
#endif
}

inline tryTake(me) {
  side = serving;
  if
  :: wanted[side] > 0
  :: else ->
     seen = token[side];
     if :: FREE(seen) -> take(me) :: else fi
  fi
}

inline enter() {
  d_step {
    inside[side]++;
    assert(inside[side] == 1);
    assert(side == serving || token[side] != held)
  }
}

proctype Acceptor(byte me) {
  byte side, held, seen, early, count, keep;
  do
  :: count == N -> break
  :: else ->
     count++;
     if
     :: sendToRing()
     :: sent == taken[serving] ->
        tryTake(me);
        if
        :: held != 0 ->
           enter();
           /* In the same turn another client's command may go to the ring of this shard. */
           if
           :: me == 1 ->
              sent++;
              keep = serving;
              keep = token[keep];
              if :: FREE(keep) -> ready = 1; wakeWorker() :: else fi;
              keep = 0
           :: skip
           fi;
           /* What others would have run in place is served first: executor/serve.ts, help. */
           if
           :: keep = sent; d_step { taken[side] = keep; keep = 0 }
           :: skip
           fi;
           release(1)
        :: else -> forget(); sendToRing()
        fi
     fi
  od;
  finished++
}

proctype Worker() {
  byte side, held, seen, early, tail;
  do
  :: atomic { ready -> ready = 0 };
     tryTake(WORKER);
     if
     :: held != 0 ->
        enter();
        tail = sent;
        d_step { taken[side] = tail; tail = 0 };
        release(1)
     :: else -> forget()
     fi
  :: else ->
     moved = 0;
     sleeping = 1;
#ifdef BUG4
     if
     :: skip ->
#else
     if
     :: ready
     :: else ->
#endif
        atomic { if :: !moved -> parkedWorker = 1 :: else fi };
endParked:
        !parkedWorker
     fi;
     d_step { sleeping = 0; moved = 0 }
  od
}

/* A command over several shards waits for the token of this one: token.ts waitForToken. */
proctype Coordinator() {
  byte side, held, seen, early;
again:
  side = serving;
  wanted[side]++;
  do
  :: seen = token[side];
#ifdef FENCE
     if :: side != serving -> wanted[side]--; goto again :: else fi;
#endif
     if
     :: FREE(seen) ->
        take(COORDINATOR);
        if :: held != 0 -> break :: else fi
     :: else ->
        atomic { if :: token[side] == seen -> parkedWaiter = 1 :: else fi };
        !parkedWaiter
     fi
  od;
  wanted[side]--;
  enter();
  release(1);
  finished++
}

/* Fences whoever holds the serving side. Its log was applied up to the heads copied here. */
proctype Supervisor() {
  bool owned;
  d_step {
    owned = !FREE(token[0]);
    token[0] = 8 + FENCED
  };
  d_step { taken[1] = taken[0]; token[1] = 8 };
  serving = 1;
  parkedWaiter = 0;
  ready = 1;
  wakeWorker();
#ifndef BUG5
  if :: !owned :: owned -> acknowledged fi;
  assert(token[0] == 8 + FENCED);
#endif
  /* The old memory is nobody's now: made anew, it becomes the mirror of the other. */
  d_step { token[0] = 8 + MIRROR; inside[0]++; assert(inside[0] == 1) };
  d_step { inside[0]--; token[0] = 8 };
  if :: wanted[0] > 0 -> parkedWaiter = 0 :: else fi;
  finished++
}

init {
  token[1] = FENCED;
  atomic {
    run Worker();
    run Acceptor(1);
#if NA > 1
    run Acceptor(2);
#endif
#ifdef WAITER
    run Coordinator();
#endif
#ifdef FENCE
    run Supervisor();
#endif
  }
  timeout -> assert(finished == NA + WAITERS + FENCES && sent == taken[serving])
}
