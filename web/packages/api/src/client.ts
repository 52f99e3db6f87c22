import createClient from 'openapi-fetch'
import { ApiProblem, asProblem, isAborted, type Problem } from './problem'
import type { paths } from './schema'

/**
 * The idempotency key is a header of the client, not of each call's parameters, so the header part of a
 * generated operation is dropped here. Calls pass `headers: idempotent(key)`.
 */
type WithoutHeaders<T> = {
  [P in keyof T]: {
    [V in keyof T[P]]: T[P][V] extends { parameters: infer Q }
      ? Omit<T[P][V], 'parameters'> & { parameters: Omit<Q, 'header'> }
      : T[P][V]
  }
}

let prove: (() => Promise<boolean>) | null = null

/** Names who asks the person to prove again who it is; answers whether that was done. The app does, at its start. */
export function onStepUp(ask: () => Promise<boolean>): void {
  prove = ask
}

/** Sends a request; one that needs a recent proof of who one is goes out again after it, the same and with the same key. */
async function send(request: Request): Promise<Response> {
  const again = prove ? request.clone() : null
  const answer = await globalThis.fetch(request)
  if (answer.status !== 403 || !prove || !again) return answer
  const problem: unknown = await answer.clone().json().catch(() => null)
  if (!isProblem(problem) || problem.code !== 'auth.step_up_required') return answer
  return (await prove()) ? globalThis.fetch(again) : answer
}

export const api = createClient<WithoutHeaders<paths>>({
  baseUrl: '/',
  credentials: 'same-origin',
  // `globalThis.fetch` is looked up at each call, so that tests may replace it.
  fetch: send,
})

type Outcome<T> = { data?: T; error?: unknown; response: Response }

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string'
}

/** The answer's data; throws `ApiProblem` for refusals and lost connections. Aborts pass through. */
export async function take<T>(call: Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>
  try {
    outcome = await call
  } catch (error) {
    if (isAborted(error)) throw error
    throw asProblem(error)
  }
  if (outcome.response.ok) return outcome.data as T
  if (isProblem(outcome.error)) throw new ApiProblem(outcome.error)
  throw new ApiProblem({
    code: outcome.response.status >= 502 ? 'network.unreachable' : 'server.unexpected',
    status: outcome.response.status,
  })
}

let guest: Promise<unknown> | null = null

/** One guest session for however many calls need it at once. */
function becomeGuest(): Promise<unknown> {
  guest ??= take(api.POST('/api/v1/sessions/guest', { body: { deliver: 'cookie' } })).finally(() => {
    guest = null
  })
  return guest
}

/** Runs a call that a visitor without any session may make: on `auth.required` a guest session is made, once. */
export async function takeAsGuest<T>(call: () => Promise<Outcome<T>>): Promise<T> {
  try {
    return await take(call())
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.code !== 'auth.required') throw error
    await becomeGuest()
    return take(call())
  }
}

/**
 * Sends a file as it is. The document calls such a body a binary text, and the client would serialise it as JSON, so
 * the serialiser hands the file over instead.
 */
export function rawBody(file: Blob, type = file.type || 'application/octet-stream') {
  return { body: '', bodySerializer: () => file, headers: { 'content-type': type } }
}
