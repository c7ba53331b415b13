// SPDX-License-Identifier: Apache-2.0
// An OpenID provider that can be wrong on purpose: its user is always signed in, and each answer can be changed.

import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { makeIssuerKey, signToken } from "../authority/identity-token.ts";

/** Deviations of the provider from the protocol. */
interface Nastiness {
  /** Changes the claims of the identity token; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signs with a key that the key set does not have. */
  readonly foreignKey?: true;
  /** An identity token without a signature. */
  readonly unsigned?: true;
  /** Answers a path in another way; the rest is as usual. */
  readonly answer?: Readonly<Record<string, (response: ServerResponse) => void>>;
  /** Parameters of the way back, over the usual ones; null removes one. */
  readonly back?: Readonly<Record<string, string | null>>;
}

/** A running provider. */
export interface Upstream {
  readonly url: string;
  /** Set it before a sign-in. */
  nastiness: Nastiness;
  /** The authorization requests that it got. */
  readonly asked: URLSearchParams[];
  readonly clientSecret: string;
  readonly stop: () => void;
}

/** Starts a provider. @param demandsPkce whether it answers only requests with PKCE; dex sends none */
export async function startUpstream({ demandsPkce = true } = {}): Promise<Upstream> {
  const key = makeIssuerKey("upstream");
  const otherKey = makeIssuerKey("upstream");
  const codes = new Map<string, URLSearchParams>();
  const clientSecret = "upstream secret+/%";
  const upstream = { url: "", nastiness: {} as Nastiness, asked: [] as URLSearchParams[], clientSecret };

  const makeToken = (query: URLSearchParams): string => {
    const now = Math.floor(Date.now() / 1000);
    const usual = { iss: upstream.url, sub: "user-1", aud: query.get("client_id"), iat: now, exp: now + 300 };
    const person = { nonce: query.get("nonce"), email: "alice@example.com", email_verified: true };
    const claims = JSON.parse(JSON.stringify({ ...usual, ...person, ...upstream.nastiness.claims })) as Record<
      string,
      unknown
    >;
    const signed = signToken(claims, upstream.nastiness.foreignKey === true ? otherKey : key);
    if (upstream.nastiness.unsigned !== true) return signed;
    const header = Buffer.from('{"alg":"none"}').toString("base64url");
    return `${header}.${signed.split(".")[1]}.`;
  };

  const redeem = (form: URLSearchParams, authorization: string): readonly [number, object] => {
    const query = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const encoded = new URLSearchParams({ s: clientSecret }).toString().slice(2);
    const isKnown = authorization === `Basic ${Buffer.from(`sigedge:${encoded}`).toString("base64")}`;
    if (!isKnown) return [401, { error: "invalid_client" }];
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isProven = query?.get("code_challenge") === challenge || (!demandsPkce && !form.has("code_verifier"));
    const isRight = isProven && query?.get("redirect_uri") === form.get("redirect_uri");
    if (query === undefined || !isRight) return [400, { error: "invalid_grant" }];
    return [200, { id_token: makeToken(query), access_token: "opaque", token_type: "Bearer" }];
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", upstream.url);
    const change = upstream.nastiness.answer?.[pathname];
    if (change !== undefined) return change(response);
    const sendJson = (status: number, value: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (pathname === "/.well-known/openid-configuration") {
      return sendJson(200, {
        issuer: upstream.url,
        authorization_endpoint: `${upstream.url}/authorize`,
        token_endpoint: `${upstream.url}/token`,
        jwks_uri: `${upstream.url}/jwks`,
        id_token_signing_alg_values_supported: ["RS256"],
      });
    }
    if (pathname === "/jwks") return sendJson(200, { keys: [key.jwk] });
    if (pathname === "/authorize") {
      upstream.asked.push(searchParams);
      const code = randomBytes(8).toString("hex");
      codes.set(code, searchParams);
      const back = new URL(searchParams.get("redirect_uri") ?? "");
      const usual = { code, state: searchParams.get("state") };
      for (const [name, value] of Object.entries({ ...usual, ...upstream.nastiness.back }))
        if (value !== null) back.searchParams.set(name, value);
      response.writeHead(302, { location: back.href }).end();
      return;
    }
    if (pathname !== "/token") return sendJson(404, {});
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => sendJson(...redeem(new URLSearchParams(body), request.headers.authorization ?? "")));
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  upstream.url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return Object.assign(upstream, { stop: () => server.closeAllConnections() ?? server.close() });
}
