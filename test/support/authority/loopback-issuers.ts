// SPDX-License-Identifier: Apache-2.0
// OpenID providers on this machine: one server with an issuer for each path, which serves discovery and keys like a
// sound, a broken or a hostile provider.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type IssuerKey, makeIssuerKey } from "./identity-token.ts";

/** A running server of issuers. */
export interface LoopbackIssuers {
  readonly origin: string;
  readonly key: IssuerKey;
  /** The requested paths, in order. */
  readonly requested: string[];
  readonly close: () => void;
}

/** The response of the issuer with this name, instead of its document or keys. */
type Fault = (response: ServerResponse, origin: string) => void;

const sendJson = (response: ServerResponse, body: unknown): void => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
};
const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Fault =>
  (response) => {
    response.writeHead(code, headers).end("{}");
  };

const keepSilent: Fault = () => {};
const stalls: Fault = (response) => void response.write('{"keys":[');

/** Broken discovery documents, by the name of the issuer. */
const DISCOVERY_FAULTS: Readonly<Record<string, Fault>> = {
  "discovery-silent": keepSilent,
  "discovery-stalls": stalls,
  "discovery-500": status(500),
  "discovery-404": status(404),
  "discovery-redirect": (response, origin) => status(302, { location: `${origin}/good` })(response, origin),
  "discovery-not-json": (response) => void response.end("<html>"),
  "discovery-list": (response) => sendJson(response, []),
  "discovery-huge": (response) => void response.end(`{"a":"${"x".repeat(70_000)}"}`),
  "discovery-duplicate": (response, origin) =>
    void response.end(
      `{"issuer":"${origin}/evil","issuer":"${origin}/discovery-duplicate","jwks_uri":"${origin}/x/keys"}`,
    ),
  "discovery-other-issuer": (response, origin) =>
    sendJson(response, { issuer: `${origin}/good`, jwks_uri: `${origin}/good/keys` }),
  "discovery-no-keys": (response, origin) => sendJson(response, { issuer: `${origin}/discovery-no-keys` }),
  "discovery-file-keys": (response, origin) =>
    sendJson(response, { issuer: `${origin}/discovery-file-keys`, jwks_uri: "file:///etc/passwd" }),
  "discovery-http-keys": (response, origin) =>
    sendJson(response, { issuer: `${origin}/discovery-http-keys`, jwks_uri: "http://keys.example/set" }),
  "discovery-only-hmac": (response, origin) =>
    sendJson(response, {
      issuer: `${origin}/discovery-only-hmac`,
      jwks_uri: `${origin}/good/keys`,
      id_token_signing_alg_values_supported: ["HS256", "none"],
    }),
};

/** Broken key sets. */
const KEY_FAULTS: Readonly<Record<string, Fault>> = {
  "keys-silent": keepSilent,
  "keys-stall": stalls,
  "keys-500": status(503),
  "keys-redirect": (response, origin) => status(301, { location: `${origin}/good/keys` })(response, origin),
  "keys-not-json": (response) => void response.end("keys"),
  "keys-empty": (response) => sendJson(response, { keys: [] }),
  "keys-secret": (response) => sendJson(response, { keys: [{ kty: "oct", k: "AA", kid: "issuer" }] }),
  "keys-too-many": (response) =>
    sendJson(response, { keys: Array.from({ length: 101 }, (_, i) => ({ kty: "oct", kid: String(i) })) }),
  "keys-huge": (response) => void response.end(`{"keys":[],"a":"${"x".repeat(300_000)}"}`),
};

/** Issuers that keep a connection open longer than any timeout. */
export const STALLING_ISSUERS: readonly string[] = [
  "discovery-silent",
  "discovery-stalls",
  "keys-silent",
  "keys-stall",
];

/** Issuers that answer at once. */
export const FAULTY_ISSUERS: readonly string[] = [...Object.keys(DISCOVERY_FAULTS), ...Object.keys(KEY_FAULTS)].filter(
  (name) => !STALLING_ISSUERS.includes(name),
);

/** Starts the server. */
export async function startLoopbackIssuers(): Promise<LoopbackIssuers> {
  const key = makeIssuerKey("issuer", "P-256");
  const requested: string[] = [];
  const server = createServer((request, response) => {
    requested.push(request.url ?? "");
    answer(request, response, { origin: originOf(), key });
  });
  const originOf = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: originOf(),
    key,
    requested,
    close: () => {
      server.close();
      // Closes the connections that stalling issuers keep open.
      server.closeAllConnections();
    },
  };
}

function answer(
  { url = "" }: IncomingMessage,
  response: ServerResponse,
  { origin, key }: Pick<LoopbackIssuers, "origin" | "key">,
): void {
  const [, name = "", rest] = /^\/([^/]+)\/(keys|\.well-known\/openid-configuration)$/.exec(url) ?? [];
  const fault = (rest === "keys" ? KEY_FAULTS : DISCOVERY_FAULTS)[name];
  if (fault !== undefined) fault(response, origin);
  else if (rest === "keys") sendJson(response, { keys: [key.jwk] });
  else if (rest === undefined) status(404)(response, origin);
  else {
    const issuer = `${origin}/${name}`;
    sendJson(response, {
      issuer,
      jwks_uri: `${issuer}/keys`,
      id_token_signing_alg_values_supported: ["ES256", "RS256"],
    });
  }
}
