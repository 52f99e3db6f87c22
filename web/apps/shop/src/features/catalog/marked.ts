/** A stretch of a text in characters (code points): from the first to before the last. */
export type Mark = { from: number; to: number }

export type Piece = { text: string; marked: boolean }

/** A text cut where its marks begin and end; marks that do not fit are left out. */
export function pieces(text: string, marks: Mark[] | undefined): Piece[] {
  const characters = Array.from(text)
  const cut: Piece[] = []
  let at = 0
  const put = (to: number, marked: boolean) => {
    if (to > at) cut.push({ text: characters.slice(at, to).join(''), marked })
    at = Math.max(at, to)
  }
  for (const { from, to } of marks ?? []) {
    if (from < at || to <= from || to > characters.length) continue
    put(from, false)
    put(to, true)
  }
  put(characters.length, false)
  return cut
}
