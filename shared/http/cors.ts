// SPDX-License-Identifier: Apache-2.0
// Requests from pages of other origins, allowed as the reference's services allow them: no credentials, and a token travels in
// the body, since the Authorization header is not among what a page may send.
// Spec: Fetch §3.2; https://pkg.go.dev/github.com/rs/cors (Default).

const METHODS: readonly (string | null)[] = ["GET", "HEAD", "POST"];
const HEADERS: readonly string[] = ["accept", "content-type", "x-requested-with"];
const ANY_ORIGIN = { "access-control-allow-origin": "*" };

/** Answers a preflight itself and lets every page read what `answer` answers. */
export async function withCors(request: Request, answer: () => Promise<Response>): Promise<Response> {
  if (request.method === "OPTIONS" && request.headers.has("access-control-request-method")) return preflight(request);
  const response = await answer();
  response.headers.set("access-control-allow-origin", "*");
  return response;
}

/** 204 in any case; what is not allowed is told to the browser by leaving the headers out. */
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
