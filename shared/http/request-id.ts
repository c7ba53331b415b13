// SPDX-License-Identifier: Apache-2.0
// The name of one request in answers and log lines. The composition sets the header, so every service of a request sees the same.

export const REQUEST_ID_HEADER = "x-request-id";

/** Letters, digits and a few marks: nothing that could end a log line or a header. */
const ACCEPTED = /^[A-Za-z0-9._:/+=-]{1,128}$/;

/** The id that came with the request, null if there is none or it is not of 128 or fewer safe characters. */
export function requestIdOf(request: Request): string | null {
  const id = request.headers.get(REQUEST_ID_HEADER);
  return id !== null && ACCEPTED.test(id) ? id : null;
}
