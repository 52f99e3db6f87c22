import { expect, test } from 'vitest'
import { blocks } from './wiki'

const plain = (text: string) => [{ text, strong: false }]

test('headings, items, text and what is strong', () => {
  expect(blocks('# 挑选\n看**脐**的大小\n\n- 小的甜\n- 大的酸\n## 保存\n冷藏')).toEqual([
    { kind: 'head', pieces: plain('挑选') },
    { kind: 'text', pieces: [{ text: '看', strong: false }, { text: '脐', strong: true }, { text: '的大小', strong: false }] },
    { kind: 'items', items: [plain('小的甜'), plain('大的酸')] },
    { kind: 'subhead', pieces: plain('保存') },
    { kind: 'text', pieces: plain('冷藏') },
  ])
})

test('everything else is text', () => {
  for (const text of ['<b>粗</b>', '[x](javascript:alert(1))', '2 ** 3', '#没有空格', '-5 度']) expect(blocks(text)).toEqual([{ kind: 'text', pieces: plain(text) }])
})
