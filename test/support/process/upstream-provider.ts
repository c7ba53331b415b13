// SPDX-License-Identifier: Apache-2.0
// A provider at which a deployment is registered, on this machine, as strict or as silent as providers are: it
// authenticates the client before or after it looks at the code, and says whether it knows a redirect URI or asks for a
// login first.

import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** How a provider answers. */
export interface UpstreamManners {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  /** The part of a token request that it checks first. */
  readonly first?: "client" | "code";
  /** Its answer to a redirect URI that it does not know: a page with 400, a redirect to an error page, or a login. */
  readonly redirects?: "refuse" | "error-page" | "login-first";
  /** The issuer that it names, instead of its address. */
  readonly issuer?: string;
}

/** A running provider. */
export interface UpstreamProvider {
  readonly url: string;
  /** Every request, as `METHOD path`. */
  readonly requests: readonly string[];
  /** Every body that a token request had. */
  readonly bodies: readonly string[];
  /** Replaces the manners. */
  readonly behave: (manners: UpstreamManners) => void;
  readonly stop: () => void;
}

/** Starts a provider. */
export async function startUpstreamProvider(): Promise<UpstreamProvider> {
  const requests: string[] = [];
  const bodies: string[] = [];
  let manners: UpstreamManners = { clientId: "", clientSecret: "", redirectUri: "" };
  let url = "";
  const server = createServer((request, response) => {
    // A connection that is kept could end just as the next request begins, which looks like a provider that is down.
    response.setHeader("connection", "close");
    void (async () => {
      const { pathname, searchParams } = new URL(request.url ?? "", url);
      requests.push(`${request.method} ${pathname}`);
      const sendJson = (status: number, value: object): void => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
      };
      if (pathname === "/.well-known/openid-configuration") return sendJson(200, metadata(url, manners));
      if (pathname === "/token") {
        const body = await readText(request);
        bodies.push(body);
        return sendJson(...answerToken(request.headers.authorization ?? "", new URLSearchParams(body), manners));
      }
      if (pathname !== "/authorize") return sendJson(404, {});
      const { status, location } = answerAuthorize(searchParams, manners);
      response.writeHead(status, location === null ? {} : { location: `${url}${location}` }).end("a page");
    })();
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return { url, requests, bodies, behave: (next) => void (manners = next), stop: () => server.close() };
}

const metadata = (url: string, { issuer = url }: UpstreamManners): object => ({
  issuer,
  authorization_endpoint: `${url}/authorize`,
  token_endpoint: `${url}/token`,
  jwks_uri: `${url}/jwks`,
});

function answerToken(authorization: string, form: URLSearchParams, manners: UpstreamManners): [number, object] {
  const { clientId, clientSecret, first = "client" } = manners;
  const [id, secret] = authorization.startsWith("Basic ")
    ? Buffer.from(authorization.slice(6), "base64").toString().split(":").map(decodeURIComponent)
    : [form.get("client_id"), form.get("client_secret")];
  const isClient = id === clientId && secret === clientSecret;
  return first === "code" || isClient ? [400, { error: "invalid_grant" }] : [401, { error: "invalid_client" }];
}

function answerAuthorize(
  query: URLSearchParams,
  { clientId, redirectUri, redirects = "refuse" }: UpstreamManners,
): { readonly status: number; readonly location: string | null } {
  const isKnown = query.get("client_id") === clientId && query.get("redirect_uri") === redirectUri;
  if (isKnown || redirects === "login-first") return { status: 302, location: "/login" };
  return redirects === "refuse"
    ? { status: 400, location: null }
    : { status: 302, location: "/signin/oauth/error?a=b" };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
