/* Rings and doorbells between NA acceptors and one shard worker (src/ring/{ring,bell}.ts), both
 * rings bounded, N requests each. One step = one atomic operation. wait(bell, sample) is an atomic
 * compare-and-enqueue, notify a dequeue. Ring cursors run modulo M (M > CAP), so their wrap is
 * inside the state space; a bell is `moved`: did it count up since the sample of its only owner.
 *
 * The worker sleeps as sleepOnBell does. An acceptor sleeps as AsyncBell does: its one waiter stays
 * outstanding when a socket (one of EVENTS) wakes it, and is stood on again by the next `arm`.
 *
 * Checked: no invalid end state (deadlock or lost wake-up), replies in order, nothing lost.
 * Seeded bugs, each must be found:
 *   BUG1 the bell is sampled after the last look      BUG2 no look between flag and wait
 *   BUG3 `sleeping` is read before the publish        BUG4 blocks on a full ring, replies undrained
 *   BUG5 nobody rings                                 BUG6 no ring for freed reply room
 *   BUG7 the bell is sampled after the flag           BUG8 a socket's event is not followed by a look */
#ifndef NA
#define NA 2
#endif
#ifndef N
#define N 2
#endif
#ifndef EVENTS
#define EVENTS 1
#endif
#define CAP 2
#define M 8
#define WORKER NA
#define FILL(tail, head) ((tail + M - head) & (M - 1))
#define NEXT(cursor) ((cursor + 1) & (M - 1))
#define AT(acceptor, counter) (acceptor * CAP + (counter & (CAP - 1)))
#define SERVABLE(acceptor) \
  (requestTail[acceptor] != requestHead[acceptor] && \
   FILL(replyTail[acceptor], replyHead[acceptor]) < CAP)

byte requestTail[NA], requestHead[NA], replyTail[NA], replyHead[NA];
byte requests[4], replies[4];
bool moved[3], sleeping[3], parked[3];

/* Whoever turns `sleeping` off owes the owner a ring. */
inline ringBell(who) {
  if
#ifdef BUG5
  :: skip
#else
  :: atomic { sleeping[who] -> sleeping[who] = 0 };
     moved[who] = 1;
     parked[who] = 0
  :: !sleeping[who]
#endif
  fi
}

inline sendOne() {
  d_step { requests[AT(me, requestTail[me])] = sent + 1; sent++ };
#ifdef BUG3
  early = sleeping[WORKER];
  requestTail[me] = NEXT(requestTail[me]);
  if :: early -> sleeping[WORKER] = 0; moved[WORKER] = 1; parked[WORKER] = 0 :: else fi;
  early = 0
#else
  requestTail[me] = NEXT(requestTail[me]);
  ringBell(WORKER)
#endif
}

proctype Acceptor(byte me) {
  byte sent = 0, got = 0, events = EVENTS;
  bool worked, early, waiting;
  do
  :: got == N -> break
  :: else ->
     worked = 0;
#ifdef BUG4
     do
     :: sent < N -> FILL(requestTail[me], requestHead[me]) < CAP; sendOne()
     :: else -> break
     od;
#endif
     do
     :: replyTail[me] != replyHead[me] ->
        d_step { assert(replies[AT(me, replyHead[me])] == got + 1); got++; worked = 1 };
        replyHead[me] = NEXT(replyHead[me]);
#ifndef BUG6
        ringBell(WORKER)
#endif
     :: else -> break
     od;
     if
     :: sent < N && FILL(requestTail[me], requestHead[me]) < CAP -> worked = 1; sendOne()
     :: else
     fi;
     if
     :: worked
     :: else ->
        if :: waiting :: else -> moved[me] = 0 fi;
        sleeping[me] = 1;
        if
        :: got == N || replyTail[me] != replyHead[me] ||
           (sent < N && FILL(requestTail[me], requestHead[me]) < CAP)
        :: else ->
           if
           :: waiting
           :: else -> atomic { if :: moved[me] :: else -> parked[me] = 1; waiting = 1 fi }
           fi;
           if
           :: !parked[me] -> waiting = 0
#ifdef BUG8
           :: events > 0 -> events--; sleeping[me] = 0; !parked[me]; waiting = 0
#else
           :: events > 0 -> events--
#endif
           fi
        fi;
        sleeping[me] = 0
     fi
  od
}

proctype Worker() {
  byte each, done = 0;
  bool worked, ready;
  do
  :: done == N * NA -> break
  :: else ->
     worked = 0;
     each = 0;
     do
     :: each < NA ->
        if
        :: SERVABLE(each) ->
           d_step {
             replies[AT(each, replyTail[each])] = requests[AT(each, requestHead[each])];
             done++;
             worked = 1
           };
           requestHead[each] = NEXT(requestHead[each]);
           replyTail[each] = NEXT(replyTail[each]);
           ringBell(each)
        :: else
        fi;
        each++
     :: else -> break
     od;
     if
     :: worked
     :: else ->
#if !defined(BUG1) && !defined(BUG7)
        moved[WORKER] = 0;
#endif
        sleeping[WORKER] = 1;
#ifdef BUG7
        moved[WORKER] = 0;
#endif
        ready = 0;
#ifndef BUG2
        each = 0;
        do
        :: each < NA -> if :: SERVABLE(each) -> ready = 1 :: else fi; each++
        :: else -> break
        od;
#endif
#ifdef BUG1
        moved[WORKER] = 0;
#endif
        if
        :: ready
        :: else ->
           atomic { if :: !moved[WORKER] -> parked[WORKER] = 1 :: else fi };
           !parked[WORKER]
        fi;
        d_step { sleeping[WORKER] = 0; ready = 0 }
     fi
  od
}

init {
  byte each = 0;
  atomic {
    run Worker();
    do :: each < NA -> run Acceptor(each); each++ :: else -> break od
  }
}
