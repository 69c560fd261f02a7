// What stops a start: a place where something was written and is not there any more.

export interface LogDamage {
  readonly file: string
  readonly offset: number
  readonly lsn: number
  readonly reason: string
}

export function damageText(damage: LogDamage): string {
  return `log is damaged: ${damage.file} at offset ${damage.offset}: ${damage.reason}`
}
