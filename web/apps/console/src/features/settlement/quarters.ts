/** The last `count` quarters up to `now`, newest first, as the server names them: 20264 is the fourth of 2026 in China. */
export function quarters(now: Date, count: number): number[] {
  const there = new Date(now.getTime() + 8 * 3_600_000)
  const last = there.getUTCFullYear() * 4 + Math.floor(there.getUTCMonth() / 3)
  return Array.from({ length: count }, (_, n) => Math.floor((last - n) / 4) * 10 + ((last - n) % 4) + 1)
}
