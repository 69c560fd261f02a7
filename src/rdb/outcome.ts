// What reading a payload can end with.

export const RDB_READ = 0
/** Too short, of a newer version, or its checksum is another. */
export const RDB_BAD_PAYLOAD = 1
/** The body is none of the known ones, or not whole. */
export const RDB_BAD_DATA = 2
/** The content is larger than the limit, or there is no memory for it. */
export const RDB_TOO_LARGE = 3
