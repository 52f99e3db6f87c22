import type { components } from './schema'

export type Problem = components['schemas']['Problem']
export type FieldProblem = components['schemas']['FieldProblem']

/** A refusal of the server, or a request that never reached it (`network.unreachable`, status 0). */
export class ApiProblem extends Error {
  readonly code: string
  readonly status: number
  readonly fields: FieldProblem[]
  readonly requestId: string

  constructor(problem: Partial<Problem> & { code: string }) {
    super(problem.detail ?? problem.code)
    this.name = 'ApiProblem'
    this.code = problem.code
    this.status = problem.status ?? 0
    this.fields = problem.fields ?? []
    this.requestId = problem.request_id ?? ''
  }
}

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

/** Whatever was thrown, as a problem. Aborts must be sorted out before, they are no failure. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  if (error instanceof TypeError) return new ApiProblem({ code: 'network.unreachable', detail: error.message })
  return new ApiProblem({ code: 'client.failed', detail: String(error) })
}
