// SPDX-License-Identifier: Apache-2.0
// An OpenID provider on this machine at which one person is always logged in: authorization code with PKCE, for a
// public client. A program in the place of a browser follows its redirects.

import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { makeIssuerKey, signToken } from "../authority/identity-token.ts";

/** A running provider. */
export interface LoginProvider {
  readonly url: string;
  /** Its row in ISSUERS. */
  readonly row: object;
  /** How many people have logged in. */
  readonly logins: () => number;
  readonly stop: () => void;
}

/** Starts a provider whose only user has this address. */
export async function startLoginProvider(email: string): Promise<LoginProvider> {
  const key = makeIssuerKey("login");
  const codes = new Map<string, URLSearchParams>();
  let logins = 0;
  let url = "";

  const authorize = (query: URLSearchParams): string => {
    const code = randomBytes(16).toString("hex");
    codes.set(code, query);
    const back = new URL(query.get("redirect_uri") ?? "");
    back.search = new URLSearchParams({ code, state: query.get("state") ?? "" }).toString();
    return back.href;
  };
  const exchange = (form: URLSearchParams): object | null => {
    const asked = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isMatching =
      asked?.get("code_challenge_method") === "S256" &&
      asked.get("code_challenge") === challenge &&
      asked.get("redirect_uri") === form.get("redirect_uri");
    if (asked === undefined || !isMatching) return null;
    logins++;
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: url, sub: email, aud: asked.get("client_id"), iat: now, exp: now + 300, email };
    const token = signToken({ ...claims, email_verified: true, nonce: asked.get("nonce") ?? undefined }, key);
    // sigstore-python takes the access token for the identity token.
    return { id_token: token, access_token: token, token_type: "Bearer", expires_in: 300 };
  };

  const answerToken = async (
    request: IncomingMessage,
    json: (status: number, value: object) => void,
  ): Promise<void> => {
    const granted = exchange(new URLSearchParams(await readBody(request)));
    json(granted === null ? 400 : 200, granted ?? { error: "invalid_grant" });
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", url);
    const sendJson = (status: number, value: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (pathname === "/.well-known/openid-configuration") sendJson(200, metadataOf(url));
    else if (pathname === "/jwks") sendJson(200, { keys: [key.jwk] });
    else if (pathname === "/authorize") response.writeHead(302, { location: authorize(searchParams) }).end();
    else if (pathname === "/token") void answerToken(request, sendJson);
    else sendJson(404, {});
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const row = { "issuer-url": url, type: "email", jwks: { keys: [key.jwk] } };
  return { url, row, logins: () => logins, stop: () => server.close() };
}

const metadataOf = (url: string): object => ({
  issuer: url,
  authorization_endpoint: `${url}/authorize`,
  token_endpoint: `${url}/token`,
  jwks_uri: `${url}/jwks`,
  response_types_supported: ["code"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  code_challenge_methods_supported: ["S256"],
});

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Makes a browser for command-line programs: it follows redirects. Returns its folder, for PATH, and its path. */
export function makeBrowser(folder: string): { readonly bin: string; readonly browser: string } {
  const bin = join(folder, "bin");
  const browser = join(bin, "xdg-open");
  mkdirSync(bin, { recursive: true });
  writeFileSync(browser, '#!/bin/bash\ncurl -sSL --max-time 20 -o /dev/null "$1" > /dev/null 2>&1 &\n');
  chmodSync(browser, 0o755);
  return { bin, browser };
}
