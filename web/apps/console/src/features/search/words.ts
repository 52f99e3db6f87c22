/** The words of a group as somebody types them, with commas between them; null when there are not 2 to 12. */
export function wordsOf(text: string): string[] | null {
  const words = [...new Set(text.split(/[,，、\n]/).map((word) => word.trim()).filter(Boolean))]
  const fits = words.length >= 2 && words.length <= 12 && words.every((word) => Array.from(word).length <= 20)
  return fits ? words : null
}
