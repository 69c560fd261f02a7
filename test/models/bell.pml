/* Rings and doorbells between NA acceptors and one shard worker (src/ring/{ring,bell}.ts), both
 * rings bounded. wait(word, value) is an atomic compare-and-enqueue, notify a dequeue.
 * Counters run modulo M (M > CAP), so their wrap is inside the state space.
 *
 * Checked: no invalid end state (deadlock or lost wake-up), replies in order, nothing lost.
 * Seeded bugs, each must be found:
 *   BUG1 the bell is sampled after the last look      BUG2 no look between flag and wait
 *   BUG3 `sleeping` is read before the publish        BUG4 blocks on a full ring, replies undrained
 *   BUG5 nobody rings                                 BUG6 no ring for freed reply room            */
#ifndef NA
#define NA 2
#endif
#ifndef N
#define N 2
#endif
#define CAP 2
#define M 8
#define WORKER NA
#define FILL(tail, head) ((tail + M - head) & (M - 1))
#define AT(acceptor, counter) (acceptor * CAP + (counter & (CAP - 1)))

byte requestTail[NA], requestHead[NA], replyTail[NA], replyHead[NA];
byte requests[4], replies[4];
byte bell[3];
bool sleeping[3], parked[3];

inline waitOnBell(me, sample) {
  atomic { if :: bell[me] == sample -> parked[me] = 1 :: else fi };
  !parked[me]
}

inline ringBell(who) {
  if
#ifdef BUG5
  :: skip
#else
  :: sleeping[who] -> bell[who] = (bell[who] + 1) & 7; parked[who] = 0
  :: else
#endif
  fi
}

proctype Acceptor(byte me) {
  byte sent = 0, got = 0, sample;
  bool worked, early;
  do
  :: got == N -> break
  :: else ->
     worked = 0;
#ifdef BUG4
     do
     :: sent < N ->
        FILL(requestTail[me], requestHead[me]) < CAP;
        requests[AT(me, requestTail[me])] = sent + 1;
        sent++;
        requestTail[me] = (requestTail[me] + 1) & (M - 1);
        ringBell(WORKER)
     :: else -> break
     od;
#endif
     do
     :: replyTail[me] != replyHead[me] ->
        assert(replies[AT(me, replyHead[me])] == got + 1);
        got++;
        replyHead[me] = (replyHead[me] + 1) & (M - 1);
        worked = 1;
#ifndef BUG6
        ringBell(WORKER)
#endif
     :: else -> break
     od;
     if
     :: sent < N && FILL(requestTail[me], requestHead[me]) < CAP ->
        requests[AT(me, requestTail[me])] = sent + 1;
        sent++;
        worked = 1;
#ifdef BUG3
        early = sleeping[WORKER];
        requestTail[me] = (requestTail[me] + 1) & (M - 1);
        if :: early -> bell[WORKER] = (bell[WORKER] + 1) & 7; parked[WORKER] = 0 :: else fi
#else
        requestTail[me] = (requestTail[me] + 1) & (M - 1);
        ringBell(WORKER)
#endif
     :: else
     fi;
     if
     :: worked
     :: else ->
        sleeping[me] = 1;
        sample = bell[me];
        if
        :: got == N || replyTail[me] != replyHead[me] ||
           (sent < N && FILL(requestTail[me], requestHead[me]) < CAP)
        :: else -> waitOnBell(me, sample)
        fi;
        sleeping[me] = 0
     fi
  od
}

proctype Worker() {
  byte each, sample, done = 0;
  bool worked, ready;
  do
  :: done == N * NA -> break
  :: else ->
     worked = 0;
     each = 0;
     do
     :: each < NA ->
        if
        :: requestTail[each] != requestHead[each] && FILL(replyTail[each], replyHead[each]) < CAP ->
           replies[AT(each, replyTail[each])] = requests[AT(each, requestHead[each])];
           requestHead[each] = (requestHead[each] + 1) & (M - 1);
           replyTail[each] = (replyTail[each] + 1) & (M - 1);
           done++;
           worked = 1;
           ringBell(each)
        :: else
        fi;
        each++
     :: else -> break
     od;
     if
     :: worked
     :: else ->
#ifdef BUG2
        sample = bell[WORKER];
        sleeping[WORKER] = 1;
        waitOnBell(WORKER, sample);
#else
        sleeping[WORKER] = 1;
#ifndef BUG1
        sample = bell[WORKER];
#endif
        ready = 0;
        each = 0;
        do
        :: each < NA ->
           if
           :: requestTail[each] != requestHead[each] &&
              FILL(replyTail[each], replyHead[each]) < CAP -> ready = 1
           :: else
           fi;
           each++
        :: else -> break
        od;
#ifdef BUG1
        sample = bell[WORKER];
#endif
        if :: ready :: else -> waitOnBell(WORKER, sample) fi;
#endif
        sleeping[WORKER] = 0
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
