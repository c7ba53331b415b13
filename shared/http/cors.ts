// SPDX-License-Identifier: Apache-2.0
// Requests from pages of other origins to services that pages may write to, allowed as in the reference's services: no
// credentials. Tokens travel in the body, since pages may not send the Authorization header. The front end lets pages
// read everything else.
// Spec: Fetch §3.2; https://pkg.go.dev/github.com/rs/cors (Default).

const METHODS: readonly (string | null)[] = ["GET", "HEAD", "POST"];
const HEADERS: readonly string[] = ["accept", "content-type", "x-requested-with"];
const ANY_ORIGIN = { "access-control-allow-origin": "*" };

/** Answers preflight requests, and lets every page read the responses of `answer`. */
export async function withCors(request: Request, answer: () => Promise<Response>): Promise<Response> {
  if (request.method === "OPTIONS" && request.headers.has("access-control-request-method")) return preflight(request);
  const response = await answer();
  response.headers.set("access-control-allow-origin", "*");
  return response;
}

/** Always responds with 204; missing headers tell the browser what is not allowed. */
function preflight(request: Request): Response {
  const method = request.headers.get("access-control-request-method");
  const asked = request.headers.get("access-control-request-headers") ?? "";
  const names = asked.split(",").map((name) => name.trim().toLowerCase());
  const isAllowed = METHODS.includes(method) && names.every((name) => name === "" || HEADERS.includes(name));
  const allowed = {
    ...ANY_ORIGIN,
    "access-control-allow-methods": METHODS.join(", "),
    "access-control-allow-headers": HEADERS.join(", "),
  };
  return new Response(null, { status: 204, headers: isAllowed ? allowed : {} });
}
