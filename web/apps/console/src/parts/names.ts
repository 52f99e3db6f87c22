import { api, take } from '@tuan/api'
import { useLoad, type Load } from '@tuan/ui'
import { shallowRef, type ShallowRef } from 'vue'

const ASKED_MAX = 100

export type Names = {
  /** Names by id; an id of nobody, or one that is still being asked for, is missing. */
  names: ShallowRef<ReadonlyMap<string, string>>
  load: Load<true>
}

/** The names behind ids of people and shops, for operators. Each id is asked for once, as lists grow. */
export function useNames(ids: () => string[]): Names {
  const known = new Map<string, string>()
  const asked = new Set<string>()
  const names = shallowRef<ReadonlyMap<string, string>>(known)
  const load = useLoad(async (signal): Promise<true> => {
    const wanted = [...new Set(ids())].filter((id) => /^(per|mer)_/.test(id) && !asked.has(id))
    for (let from = 0; from < wanted.length; from += ASKED_MAX) {
      const some = wanted.slice(from, from + ASKED_MAX)
      const { items } = await take(api.GET('/api/v1/names', { params: { query: { ids: some.join(',') } }, signal }))
      for (const id of some) asked.add(id)
      for (const item of items) known.set(item.id, item.name)
      names.value = new Map(known)
    }
    return true
  })
  return { names, load }
}
