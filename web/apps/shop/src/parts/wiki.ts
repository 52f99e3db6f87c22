export type Piece = { text: string; strong: boolean }
export type Block = { kind: 'head' | 'subhead' | 'text'; pieces: Piece[] } | { kind: 'items'; items: Piece[][] }

/** What stands between two `**` is strong; one alone stays as it is. */
function pieces(line: string): Piece[] {
  const parts = line.split('**')
  if (parts.length % 2 === 0) return [{ text: line, strong: false }]
  return parts.map((text, index) => ({ text, strong: index % 2 === 1 })).filter((piece) => piece.text !== '')
}

/** The blocks of an article. Whatever is no heading, item or strong word is text, tags and addresses too. */
export function blocks(words: string): Block[] {
  const all: Block[] = []
  for (const line of words.split('\n')) {
    const said = line.trim()
    const last = all.at(-1)
    if (said === '') continue
    if (said.startsWith('## ')) all.push({ kind: 'subhead', pieces: pieces(said.slice(3)) })
    else if (said.startsWith('# ')) all.push({ kind: 'head', pieces: pieces(said.slice(2)) })
    else if (!said.startsWith('- ')) all.push({ kind: 'text', pieces: pieces(said) })
    else if (last?.kind === 'items') last.items.push(pieces(said.slice(2)))
    else all.push({ kind: 'items', items: [pieces(said.slice(2))] })
  }
  return all
}
