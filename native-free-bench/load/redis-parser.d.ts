// redis-parser ships no types; these are the parts that this project uses.
declare module 'redis-parser' {
  export interface ParserOptions {
    returnReply(reply: unknown): void
    returnError(error: Error): void
    returnFatalError?(error: Error): void
    returnBuffers?: boolean
    stringNumbers?: boolean
  }
  export default class RedisParser {
    constructor(options: ParserOptions)
    /** Calls returnReply or returnError once for every complete reply; keeps an incomplete tail. */
    execute(bytes: Buffer): void
    reset(): void
  }
}
