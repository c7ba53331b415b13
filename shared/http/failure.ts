// SPDX-License-Identifier: Apache-2.0
// Handles exceptions: one is a bug or a platform failure, so a log line informs the operator and the caller may retry.

import { requestIdOf } from "./request-id.ts";

/** Identifies a request that failed. */
export interface FailedRequest {
  readonly request: Request;
  /**
   * In the log line and in the response, so that one leads to the other. The id of the request, if it has one, comes
   * first.
   */
  readonly requestId: string;
}

/**
 * Runs a service's handlers. Logs an exception with the request's id, method and path, but no query, header or body,
 * which may hold tokens. `render` makes the 503 response in the service's own format.
 */
export async function catchFailures(
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
