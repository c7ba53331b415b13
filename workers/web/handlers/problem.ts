// SPDX-License-Identifier: Apache-2.0
// Answers with the page of a problem. It asks no other service, so that it also works while one fails, and costs little
// where a limit is exceeded.

import { type Problem, problemPage } from "../pages/problem.ts";
import { respond } from "../respond.ts";

/** The front end has checked that the host of the request is that of PUBLIC_URL. */
export function respondToProblem(request: Request, problem: Problem): Response {
  const { origin, host } = new URL(request.url);
  const response = respond(request, problemPage(problem), { href: origin, host, heads: [] });
  if (problem.status === 429) response.headers.set("retry-after", "10");
  if (problem.status === 503) response.headers.set("retry-after", "1");
  return response;
}
