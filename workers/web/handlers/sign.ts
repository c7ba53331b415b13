// SPDX-License-Identifier: Apache-2.0
// GET /sign: the page on which people sign. The window of a sign-in comes back to the same address with a query, and
// gets a page of its own, which nobody keeps.
// Spec: RFC 6749 §4.1.2; RFC 9700 §4.2.4

import type { Config } from "../env.ts";
import { signPage, signReturnPage } from "../pages/sign.ts";
import { readSite, respond } from "../respond.ts";

export async function serveSign(request: Request, config: Config): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const { publicUrl } = config;
  const isReturn = ["state", "code", "error"].some((name) => searchParams.has(name));
  const { href, host } = publicUrl;
  const response = isReturn
    ? respond(request, signReturnPage(publicUrl), { href, host, heads: [] })
    : respond(request, signPage(publicUrl), await readSite(config));
  // No other site has a reason to read these pages.
  for (const name of ["access-control-allow-origin", "access-control-expose-headers"]) response.headers.delete(name);
  if (!isReturn) return response;
  response.headers.set("cache-control", "no-store");
  response.headers.delete("etag");
  return response;
}
