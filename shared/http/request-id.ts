// SPDX-License-Identifier: Apache-2.0
// The id of a request in responses and log lines. The composition sets the header, so that every service sees the same
// id.

export const REQUEST_ID_HEADER = "x-request-id";

/** Letters, digits and a few marks that cannot end a log line or a header. */
const ACCEPTED = /^[A-Za-z0-9._:/+=-]{1,128}$/;

/** Returns the id that came with the request; null if it has none, or one that is not 1 to 128 safe characters. */
export function requestIdOf(request: Request): string | null {
  const id = request.headers.get(REQUEST_ID_HEADER);
  return id !== null && ACCEPTED.test(id) ? id : null;
}
