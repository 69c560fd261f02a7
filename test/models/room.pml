/* Requests that wait for room in the reply ring (src/executor/{executor,serve,backlog}.ts,
 * src/shard/loop.ts, src/acceptor/inbox.ts): one acceptor, one shard, NW workers, N requests. One
 * step = one atomic operation. Bells as in bell.pml, the token without its epoch (token.pml).
 *
 *   sent / taken     tail and head of the request ring, as bytes, here counted as records
 *   replied / got    tail and head of the reply ring; a request is only begun with less than ROOM
 *                    replies in it
 *   ready            the shard's bit: some worker is to look     answers  the same for the acceptor
 *
 * Who finds requests but no room leaves them and announces nothing; the acceptor announces them
 * when it gives room back, if the ring was as full as that since its last look. ALWAYS: replies
 * stay in the ring until a sync thread says so. BACKLOG: a reply that finds no chunks stays with its
 * worker, which serves this acceptor no more until it has left (looked at by a timer). PLACER:
 * another acceptor takes the token now and then and gives it back.
 *
 * Checked: all requests are answered when nothing moves any more (nothing waits for room that is
 * there), and nobody spins: at most FRUITLESS batches that serve nothing until something changes.
 * Seeded bugs, each must be found:
 *   BUG1 a release announces whatever waits, room or not (spins)
 *   BUG2 the room is not looked at again after the release
 *   BUG3 the acceptor gives room back and says nothing
 *   BUG4 the acceptor judges how full the ring was by the tail it knew before it gave room back
 *   BUG5 the same, by what it took out
 *   BUG6 a worker whose backlog has left does not announce what it left waiting
 *   BUG7 a worker with a backlog announces what it will not serve (spins)
 *   BUG8 the acceptor marks the shard and rings nobody */
#ifndef N
#define N 5
#endif
#ifndef NW
#define NW 2
#endif
#define ROOM 2
#define FRUITLESS 6
#define ACCEPTOR 0
#define OTHER 3

byte sent, taken, replied, got, durable, token, backlogs, fruitless;
bool ready, answers;
bool moved[3], sleeping[3], parked[3];

/* bell.ts ringBell: whoever turns `sleeping` off owes the owner a ring. */
inline ringAcceptor() {
  answers = 1;
  if
  :: atomic { sleeping[ACCEPTOR] -> sleeping[ACCEPTOR] = 0 };
     d_step { moved[ACCEPTOR] = 1; parked[ACCEPTOR] = 0 }
  :: !sleeping[ACCEPTOR]
  fi
}

/* executor.announce: the shard's worker, else any other that sleeps. */
inline announce() {
  ready = 1;
  if
  :: atomic { sleeping[1] -> sleeping[1] = 0 };
     d_step { moved[1] = 1; parked[1] = 0 }
  :: !sleeping[1] ->
#if NW > 1
     if
     :: atomic { sleeping[2] -> sleeping[2] = 0 };
        d_step { moved[2] = 1; parked[2] = 0 }
     :: !sleeping[2]
     fi
#endif
  fi
}

/* executor.announce behind its condition: tail and head of the requests, then of the replies. */
inline announceServable() {
  low = taken;
  if
  :: low != sent ->
#ifndef BUG1
     low = got;
     if :: replied - low < ROOM -> announce() :: else fi
#else
     announce()
#endif
  :: else
  fi;
  low = 0
}

proctype Acceptor() {
  byte at, start, low;
  bool worked;
  do
  :: got == N -> break
  :: else ->
     worked = 0;
     if
     :: atomic { answers -> answers = 0 };
        start = got;
        at = start;
        do
#ifdef ALWAYS
        :: at != replied && at < durable -> at++
#else
        :: at != replied -> at++
#endif
        :: else -> break
        od;
        if
        :: at != start ->
           worked = 1;
#ifdef BUG4
           low = replied;
#endif
#ifdef BUG5
           low = at;
#endif
           d_step { got = at; fruitless = 0 };
#if !defined(BUG4) && !defined(BUG5)
           low = replied;
#endif
           if
#ifdef BUG3
           :: skip
#else
           :: low - start >= ROOM ->
#ifdef BUG8
              if :: sent != taken -> ready = 1 :: else fi
#else
              announceServable()
#endif
           :: else
#endif
           fi;
           worked = 1
        :: else
        fi;
        d_step { at = 0; start = 0; low = 0 }
     :: !answers
     fi;
     if
     :: sent < N -> d_step { worked = 1; sent++; fruitless = 0 }; announce()
     :: else
     fi;
     if
     :: worked
     :: else ->
        moved[ACCEPTOR] = 0;
        sleeping[ACCEPTOR] = 1;
        if
        :: answers
        :: else ->
           atomic { if :: !moved[ACCEPTOR] -> parked[ACCEPTOR] = 1 :: else fi };
           !parked[ACCEPTOR]
        fi;
        sleeping[ACCEPTOR] = 0
     fi
  od
}

inline serve() {
  head = taken;
  made = replied;
  do
  :: head == sent || kept > 0 -> break
  :: else ->
     low = got;
     if
     :: made - low >= ROOM -> break
     :: else ->
        head++;
        if
        :: made++
#ifdef BACKLOG
        :: backlogs < BACKLOG -> d_step { backlogs++; kept = 1 }
#endif
        fi
     fi
  od;
  if
  :: head != taken ->
     d_step { replied = made; fruitless = 0 };
     taken = head;
     ringAcceptor()
  :: else -> d_step { fruitless++; assert(fruitless <= FRUITLESS) }
  fi;
  d_step { head = 0; made = 0; low = 0 }
}

proctype Worker(byte me) {
  byte head, made, low, kept;
  bool room;
  do
  :: atomic { ready -> ready = 0 };
     if
     :: atomic { token == 0 -> token = me };
        serve();
#ifdef BUG2
        room = (replied - got < ROOM);
        token = 0;
        if :: room && sent != taken && kept == 0 -> announce() :: else fi;
        room = 0
#else
        token = 0;
#ifdef BUG7
        announceServable()
#else
        if :: kept == 0 -> announceServable() :: else fi
#endif
#endif
     :: token != 0
     fi
  /* The timer, when it finds room; until then it only looks. */
  :: !ready && kept > 0 && replied - got < ROOM ->
     if
     :: atomic { token == 0 -> token = me };
        if
        :: replied - got < ROOM ->
           replied++;
           ringAcceptor();
           kept = 0
        :: else
        fi;
        token = 0;
#ifndef BUG6
        if :: kept == 0 -> announceServable() :: else fi
#endif
     :: token != 0
     fi
  :: !ready && !(kept > 0 && replied - got < ROOM) ->
     moved[me] = 0;
     sleeping[me] = 1;
     if
     :: ready
     :: else ->
        atomic { if :: !moved[me] -> parked[me] = 1 :: else fi };
endParked:
        if
        :: !parked[me]
        :: kept > 0 && replied - got < ROOM -> parked[me] = 0
        fi
     fi;
     sleeping[me] = 0
  od
}

#ifdef ALWAYS
proctype Sync() {
endSync:
  do
  :: durable != replied -> durable = replied; ringAcceptor()
  od
}
#endif

#ifdef PLACER
proctype Placer() {
  byte low;
  bool room;
  if
  :: atomic { token == 0 -> token = OTHER };
#ifdef BUG2
     room = (replied - got < ROOM);
     token = 0;
     if :: room && sent != taken -> announce() :: else fi
#else
     token = 0;
     announceServable()
#endif
  fi
}
#endif

init {
  atomic {
    run Acceptor();
    run Worker(1);
#if NW > 1
    run Worker(2);
#endif
#ifdef ALWAYS
    run Sync();
#endif
#ifdef PLACER
    run Placer();
#endif
  }
  timeout -> assert(got == N)
}
