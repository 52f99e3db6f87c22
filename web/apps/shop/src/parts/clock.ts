import { api, take } from '@tuan/api'
import { useLoad } from '@tuan/ui'
import { useSession } from '../stores/session'

/** The server's time where an answer does not carry it. Only the demo's clock can be moved; elsewhere ours will do. */
export function useServerNow() {
  const session = useSession()
  const { value, reload } = useLoad(async (signal) => {
    const isDemo = session.demo !== null
    return isDemo ? (await take(api.GET('/api/v1/demo/clock', { signal }))).now : new Date().toISOString()
  })
  return { now: value, reload }
}
