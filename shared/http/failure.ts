// SPDX-License-Identifier: Apache-2.0
// What becomes of an exception: it is a bug or the platform failing, so one log line tells the operator and the caller may try again.

import { requestIdOf } from "./request-id.ts";

export interface FailedRequest {
  readonly request: Request;
  /**
   * Stands in the log line and in the answer, so that the one leads to the other; the request's own id, which the
   * composition has given it, goes before it.
   */
  readonly requestId: string;
}

/**
 * Runs a service's handlers. What they throw is logged with the request's id, method and path (no query, no header, no body:
 * tokens travel there) and answered by `render`, which gives the 503 in the service's own form.
 */
export async function withFailures(
  { request, requestId: newRequestId }: FailedRequest,
  answer: () => Promise<Response> | Response,
  render: (requestId: string) => Response,
): Promise<Response> {
  const requestId = requestIdOf(request) ?? newRequestId;
  try {
    return await answer();
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new TypeError("something else than an Error");
    const path = new URL(request.url).pathname;
    console.error(
      JSON.stringify({
        code: "internal",
        requestId,
        method: request.method,
        path,
        error: `${name}: ${message}`,
        stack,
      }),
    );
    return render(requestId);
  }
}
