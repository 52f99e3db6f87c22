export type Tone = { ground: string; ink: string }

/** Each ink has at least 4.5:1 on its ground. */
export const TONES: Tone[] = [
  { ground: '#fdecee', ink: '#9d0c23' },
  { ground: '#fff3e0', ink: '#8a4b00' },
  { ground: '#e5f5ec', ink: '#0b6b3a' },
  { ground: '#e6f0fb', ink: '#084a9b' },
  { ground: '#f1e8fa', ink: '#5c2e91' },
  { ground: '#e0f2f4', ink: '#00555f' },
  { ground: '#fbe9f3', ink: '#7a2f5f' },
  { ground: '#eceff3', ink: '#3d4653' },
]

/** The same text has the same colours, today and on every device. */
export function toneOf(text: string): Tone {
  let sum = 0
  for (const char of text.trim()) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973
  return TONES[sum % TONES.length] ?? { ground: '#eceff3', ink: '#3d4653' }
}
