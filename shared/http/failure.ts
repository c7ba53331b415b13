// SPDX-License-Identifier: Apache-2.0
// Handles exceptions: one is a bug or a platform failure, so a log line informs the operator and the caller may retry.

import { requestIdOf } from "./request-id.ts";

/**
 * Runs a service's handlers. Logs an exception with the request's id, method and path, but no query, header or body,
 * which may hold tokens. `render` makes the 503 response in the service's own format.
 */
export async function catchFailures(
  request: Request,
  answer: () => Promise<Response> | Response,
  render: (requestId: string) => Response,
): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    // The front end gives every request an id; only tests send one without.
    const requestId = requestIdOf(request) ?? "unnamed";
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
