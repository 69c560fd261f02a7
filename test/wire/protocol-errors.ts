// Broken streams and what Redis says to them. The replies were given by redis-server 7.0.15;
// protocol-errors.test.ts asks it again where one is installed.

export interface BrokenStream {
  readonly sent: string
  /** All that is answered, then the connection ends. */
  readonly replies: string
  /** Before AUTH, on a server with a password. */
  readonly unauthenticated?: boolean
  /** We differ from 7.0 here, for the reason given. */
  readonly ours?: string
}

const error = (text: string): string => `-ERR Protocol error: ${text}\r\n`
const PING = '*1\r\n$4\r\nPING\r\n'
const PONG = '+PONG\r\n'
const MULTIBULK = error('invalid multibulk length')
const BULK = error('invalid bulk length')
const LONG_LINE = 'x'.repeat(65_537)

export const BROKEN_STREAMS: readonly BrokenStream[] = [
  // Counts.
  { sent: '*3000000000\r\n', replies: MULTIBULK },
  { sent: '*2147483648\r\n', replies: MULTIBULK },
  { sent: '*1048577\r\n', replies: MULTIBULK, ours: 'the limit of 3.2, 7.0 waits for so many' },
  { sent: '*blabla\r\n', replies: MULTIBULK },
  { sent: '*\r\n', replies: MULTIBULK },
  { sent: '*01\r\n', replies: MULTIBULK },
  { sent: '*+1\r\n', replies: MULTIBULK },
  { sent: '* 1\r\n', replies: MULTIBULK },
  { sent: '*1 \r\n', replies: MULTIBULK },
  { sent: '*3 \r\n', replies: MULTIBULK },
  { sent: '*-\r\n', replies: MULTIBULK },
  { sent: '*-0\r\n', replies: MULTIBULK },
  { sent: '*1.0\r\n', replies: MULTIBULK },
  { sent: '*0x1\r\n', replies: MULTIBULK },
  { sent: '*-9223372036854775809\r\n', replies: MULTIBULK },
  { sent: '*99999999999999999999\r\n', replies: MULTIBULK },
  { sent: `*${'1'.repeat(70)}\r\n`, replies: MULTIBULK },
  { sent: '*constructor\r\n', replies: MULTIBULK },
  // Nothing to do, without a reply; the stream goes on.
  { sent: `*0\r\n${PING}*x\r\n`, replies: PONG + MULTIBULK },
  { sent: `*-1\r\n${PING}*x\r\n`, replies: PONG + MULTIBULK },
  { sent: `*-10\r\n${PING}*x\r\n`, replies: PONG + MULTIBULK },
  { sent: `*-9223372036854775808\r\n${PING}*x\r\n`, replies: PONG + MULTIBULK },
  { sent: `\r\n\n   \r\n\t\n${PING}*x\r\n`, replies: PONG + MULTIBULK },
  // Lengths.
  { sent: '*1\r\n$-10\r\n', replies: BULK },
  { sent: '*1\r\n$-1\r\n', replies: BULK },
  { sent: '*1\r\n$2000000000\r\n', replies: BULK },
  { sent: '*1\r\n$536870913\r\n', replies: BULK },
  { sent: '*1\r\n$blabla\r\n', replies: BULK },
  { sent: '*1\r\n$\r\n', replies: BULK },
  { sent: '*1\r\n$04\r\nPING\r\n', replies: BULK },
  { sent: '*1\r\n$00\r\n\r\n', replies: BULK },
  { sent: '*1\r\n$+4\r\nPING\r\n', replies: BULK },
  { sent: '*1\r\n$ 4\r\nPING\r\n', replies: BULK },
  { sent: '*1\r\n$4 \r\nPING\r\n', replies: BULK },
  { sent: '*1\r\n$-0\r\n\r\n', replies: BULK },
  { sent: '*1\r\n$1x\r\n', replies: BULK },
  { sent: '*1\r\n$12x\r\n', replies: BULK },
  { sent: '*1\r\n$123x\r\n', replies: BULK },
  { sent: '*1\r\n$9999999999999999999999\r\n', replies: BULK },
  { sent: '*2\r\n$4\r\nECHO\r\n$x\r\n', replies: BULK },
  { sent: '*10\r\n$4\r\nECHO\r\n$x\r\n', replies: BULK },
  // No dollar.
  { sent: '*1\r\nfoo\r\n', replies: error("expected '$', got 'f'") },
  { sent: '*1\r\n:4\r\nPING\r\n', replies: error("expected '$', got ':'") },
  { sent: '*1\r\n\r\n\r\n', replies: error("expected '$', got ' '") },
  { sent: '*1\r\n\n$4\r\nPING\r\n', replies: error("expected '$', got ' '") },
  { sent: '*1\r\n\xff\r\n', replies: error("expected '$', got '\xff'") },
  { sent: '*2\r\n$4\r\nECHO\r\n*1\r\n', replies: error("expected '$', got '*'") },
  // One byte too many in a bulk: what follows is looked at where it should begin.
  {
    sent: '*2\r\n$4\r\nECHO\r\n$1\r\nab\r\n*9\r\nx\r\n',
    replies: `$1\r\na\r\n${error("expected '$', got 'x'")}`,
  },
  // What is not checked: the byte behind '\r' and the two behind a bulk.
  { sent: '*1\rX$4\rYPINGab*x\r\n', replies: PONG + MULTIBULK },
  // Pipelines: everything in front of the damage is answered.
  { sent: `${PING}${PING}*1\r\n$x\r\n${PING}`, replies: PONG + PONG + BULK },
  { sent: 'PING\r\n*1\r\n$x\r\nPING\r\n', replies: PONG + BULK },
  // Quotes of inline commands.
  { sent: 'ECHO "abc\r\n', replies: error('unbalanced quotes in request') },
  { sent: "ECHO 'abc\r\n", replies: error('unbalanced quotes in request') },
  { sent: 'ECHO "a"b\r\n', replies: error('unbalanced quotes in request') },
  { sent: "ECHO 'a'b\r\n", replies: error('unbalanced quotes in request') },
  { sent: 'ECHO "a\\\r\n', replies: error('unbalanced quotes in request') },
  { sent: '"\r\n', replies: error('unbalanced quotes in request') },
  // Lines that do not end. A NUL hides the line's end as it does from strchr.
  { sent: LONG_LINE, replies: error('too big inline request') },
  { sent: `\0${LONG_LINE}`, replies: error('too big inline request') },
  { sent: `PING\0\r\n${LONG_LINE}`, replies: error('too big inline request') },
  { sent: `*${LONG_LINE}`, replies: error('too big mbulk count string') },
  { sent: `*\0\r\n${LONG_LINE}`, replies: error('too big mbulk count string') },
  { sent: `*1\0\r\n${LONG_LINE}`, replies: error('too big mbulk count string') },
  { sent: `*1\r\n$${LONG_LINE}`, replies: error('too big bulk count string') },
  { sent: `*1\r\n$\0\r\n${LONG_LINE}`, replies: error('too big bulk count string') },
  { sent: `*1\r\n\0${LONG_LINE}`, replies: error('too big bulk count string') },
  // Before AUTH.
  { sent: '*11\r\n', replies: error('unauthenticated multibulk length'), unauthenticated: true },
  { sent: '*1000\r\n', replies: error('unauthenticated multibulk length'), unauthenticated: true },
  { sent: '*x\r\n', replies: MULTIBULK, unauthenticated: true },
  {
    sent: '*1\r\n$16385\r\n',
    replies: error('unauthenticated bulk length'),
    unauthenticated: true,
  },
  {
    sent: '*1\r\n$536870912\r\n',
    replies: error('unauthenticated bulk length'),
    unauthenticated: true,
  },
  { sent: '*1\r\n$536870913\r\n', replies: BULK, unauthenticated: true },
]
