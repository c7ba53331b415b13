// SPDX-License-Identifier: Apache-2.0
// Stand-ins for GitHub, an Enterprise Server, Google, Entra, GitLab, Bitbucket, Access and some OpenID provider: one
// server, which answers for each host as that provider documents, and can be wrong on purpose. It checks client,
// secret, redirect URI, PKCE and the single use of codes. A Worker and a browser of fetch reach it at
// http://127.0.0.1:PORT/HOST/PATH, and a real browser at the provider's own address, over TLS.

import { createHash, createPublicKey, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type IssuerKey, makeIssuerKey, signToken, signWithPublicKey } from "../authority/identity-token.ts";
import { makeSelfSigned } from "../process/self-signed.ts";
import * as people from "./people.ts";

type Json = Readonly<Record<string, unknown>>;

/** Deviations from a right provider. */
export interface Nastiness {
  /** Replaces the answer of the token endpoint. */
  readonly token?: (response: ServerResponse) => void;
  /** Changes claims of the identity token; null removes one. */
  readonly claims?: Json;
  readonly userinfo?: Json;
  /** Replaces documents of an API, by path. */
  readonly api?: Json;
  /** `hmac`: by the public key as a secret; `embedded`: by a key that the token's own header holds. */
  readonly signature?: "none" | "foreign" | "rotated" | "hmac" | "embedded";
  /** The code was issued to another client, for another redirect URI, or for another challenge. */
  readonly code?: "client_id" | "redirect_uri" | "code_challenge";
}

interface OpenIdKind {
  readonly issuer: string;
  readonly claims: Json;
  /** As in the discovery document, where that differs. */
  readonly metadataIssuer?: string;
}

const ACCESS = "https://example.cloudflareaccess.com/cdn-cgi/access/sso/oidc/client";
const ENTRA = "https://login.microsoftonline.com";
/** An OpenID provider that is none of the known ones. */
export const GENERIC_ISSUER = "https://login.example.org";
const OPENID: Readonly<Record<string, OpenIdKind>> = {
  "https://accounts.google.com": { issuer: "https://accounts.google.com", claims: people.GOOGLE_CLAIMS },
  [`${ENTRA}/${people.TENANT}/v2.0`]: { issuer: `${ENTRA}/${people.TENANT}/v2.0`, claims: people.ENTRA_CLAIMS },
  [`${ENTRA}/organizations/v2.0`]: {
    issuer: `${ENTRA}/${people.TENANT}/v2.0`,
    metadataIssuer: `${ENTRA}/{tenantid}/v2.0`,
    claims: people.ENTRA_CLAIMS,
  },
  "https://gitlab.com": { issuer: "https://gitlab.com", claims: people.GITLAB_CLAIMS },
  [ACCESS]: { issuer: ACCESS, claims: people.ACCESS_CLAIMS },
  [GENERIC_ISSUER]: { issuer: GENERIC_ISSUER, claims: people.GENERIC_CLAIMS },
};

/** The documents of GitHub's and Bitbucket's APIs, by address. */
const APIS: Readonly<Record<string, Json>> = {
  "https://api.github.com": people.GITHUB_API,
  "https://code.example.com/api/v3": people.GITHUB_API,
  "https://api.bitbucket.org": people.BITBUCKET_API,
};
const TOKEN_PATHS = new Set(["/login/oauth/access_token", "/site/oauth2/access_token"]);
/** Matches the path of an authorization endpoint, which browsers open. */
const AUTHORIZE = /\/authorize$/;
export const CLIENT_SECRET = "upstream secret+/%";

/** The stand-ins, running. */
export class StandIns {
  nastiness: Nastiness = {};
  /** The redirect URI that is registered; null for any. GitHub sends a person there from others, with an error. */
  registered: string | null = null;
  /** Method and address of every request but those of a browser. */
  readonly asked: string[] = [];
  readonly #codes = new Map<string, URL>();
  /** Each rotation goes on to the next one. Made at the start: on a busy machine it takes seconds. */
  readonly #keys = Array.from({ length: 8 }, (_, i) => makeIssuerKey(`key-${i}`));
  readonly #foreign = makeIssuerKey("key-0");
  #generation = 0;
  readonly #servers: Server[] = [];

  /** Serves all hosts over plain HTTP. Returns the address, below which each host is a folder. */
  async start(): Promise<string> {
    const server = createServer((request, response) => void this.#answer(`https:/${request.url}`, request, response));
    return `http://127.0.0.1:${await this.#listen(server)}`;
  }

  /** Serves them over TLS as well, each at its own name. Returns the port. */
  startTls(): Promise<number> {
    return this.#listen(
      createTlsServer(makeSelfSigned(), (request, response) => {
        void this.#answer(`https://${request.headers.host}${request.url}`, request, response);
      }),
    );
  }

  async #listen(server: Server): Promise<number> {
    this.#servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }

  stop(): void {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }

  /**
   * Answers at an authorization endpoint, for a user who is signed in. Returns the address that the browser goes back
   * to.
   */
  authorize(address: string): string {
    const url = new URL(address);
    const code = randomBytes(10).toString("hex");
    const issued = new URL(url);
    if (this.nastiness.code !== undefined)
      issued.searchParams.set(this.nastiness.code, "https://thief.example/callback");
    this.#codes.set(code, issued);
    const back = new URL(url.searchParams.get("redirect_uri") ?? "");
    back.searchParams.set("code", code);
    back.searchParams.set("state", url.searchParams.get("state") ?? "");
    return back.href;
  }

  async #answer(asked: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(asked);
    if (AUTHORIZE.test(url.pathname)) return this.#answerBrowser(url, response);
    const address = `${url.origin}${url.pathname}`;
    this.asked.push(`${request.method} ${address}${url.search}`);
    const body = await readBody(request);
    const sendJson = (status: number, value: unknown): void => {
      response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(value));
    };
    const [base, kind] = Object.entries(OPENID).find(([start]) => address.startsWith(`${start}/`)) ?? ["", null];
    const isTokens = address === `${base}/token` || TOKEN_PATHS.has(url.pathname);
    if (isTokens && this.nastiness.token !== undefined) return this.nastiness.token(response);
    if (isTokens) return sendJson(...this.#redeem(new URLSearchParams(body), request, { base, kind }));
    if (kind !== null) return this.#answerOpenId(address.slice(base.length), { base, kind }, sendJson);
    return this.#answerApi(address, request, sendJson);
  }

  #answerBrowser(url: URL, response: ServerResponse): void {
    const asked = url.searchParams;
    if (this.registered !== null && asked.get("redirect_uri") !== this.registered) {
      const location = `${this.registered}?error=redirect_uri_mismatch`;
      const isGithub = url.pathname.startsWith("/login/oauth/");
      response.writeHead(isGithub ? 302 : 400, isGithub ? { location } : {}).end();
      return;
    }
    const isKnown = asked.get("client_id") === "client" && asked.get("response_type") === "code";
    response.writeHead(isKnown ? 302 : 400, isKnown ? { location: this.authorize(url.href) } : {}).end();
  }

  #answerOpenId(path: string, { base, kind }: Served<OpenIdKind>, sendJson: SendJson): void {
    if (path === "/.well-known/openid-configuration") {
      return sendJson(200, {
        issuer: kind.metadataIssuer ?? kind.issuer,
        authorization_endpoint: `${base}/authorize`,
        token_endpoint: `${base}/token`,
        jwks_uri: `${base}/jwks`,
        userinfo_endpoint: `${base}/userinfo`,
        id_token_signing_alg_values_supported: ["RS256"],
      });
    }
    if (path === "/jwks") return sendJson(200, { keys: [this.#key.jwk] });
    return path === "/userinfo"
      ? sendJson(200, { ...people.GITLAB_USERINFO, ...this.nastiness.userinfo })
      : sendJson(404, {});
  }

  #answerApi(address: string, { headers }: IncomingMessage, sendJson: SendJson): void {
    if (headers["user-agent"] === undefined) return sendJson(403, { message: "Request forbidden" });
    if (headers.authorization !== "Bearer opaque") return sendJson(401, { message: "Bad credentials" });
    const [start = "", documents = {}] = Object.entries(APIS).find(([one]) => address.startsWith(one)) ?? [];
    const document = { ...documents, ...this.nastiness.api }[address.slice(start.length)];
    return document === undefined ? sendJson(404, { message: "Not Found" }) : sendJson(200, document);
  }

  #redeem(form: URLSearchParams, { headers }: IncomingMessage, served: Served<OpenIdKind | null>): [number, Json] {
    const [id, secret] = readClient(form, headers.authorization);
    const isGithub = served.kind === null && headers.authorization === undefined;
    const fail = (status: number, error: string): [number, Json] => [isGithub ? 200 : status, { error }];
    if (id !== "client" || secret !== CLIENT_SECRET)
      return fail(401, isGithub ? "incorrect_client_credentials" : "invalid_client");
    const code = form.get("code") ?? "";
    const issued = this.#codes.get(code)?.searchParams;
    this.#codes.delete(code);
    const verifier = form.get("code_verifier") ?? "";
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const isRight =
      issued?.get("client_id") === id &&
      issued.get("redirect_uri") === form.get("redirect_uri") &&
      issued.get("code_challenge_method") === "S256" &&
      issued.get("code_challenge") === challenge;
    if (!isRight) return fail(400, isGithub ? "bad_verification_code" : "invalid_grant");
    const tokens = { access_token: "opaque", token_type: "bearer", scope: "" };
    if (served.kind === null) return [200, tokens];
    const nonce = issued.get("nonce");
    return [200, { ...tokens, id_token: this.#makeToken(served.kind, nonce) }];
  }

  #makeToken(kind: OpenIdKind, nonce: string | null): string {
    const { signature, claims = {} } = this.nastiness;
    if (signature === "rotated") this.#generation++;
    const now = Math.floor(Date.now() / 1000);
    const usual = { iss: kind.issuer, aud: "client", iat: now, exp: now + 300, nonce };
    const all = Object.entries({ ...usual, ...kind.claims, ...claims }).filter(([, value]) => value !== null);
    const wanted = Object.fromEntries(all);
    if (signature === "hmac") return signWithPublicKey(wanted, publicKeyText(this.#key));
    const header = signature === "embedded" ? { jwk: this.#foreign.jwk, jku: "https://evil.example/jwks" } : {};
    const isForeign = signature === "foreign" || signature === "embedded";
    const signed = signToken(wanted, isForeign ? this.#foreign : this.#key, header);
    if (signature !== "none") return signed;
    return `${Buffer.from('{"alg":"none"}').toString("base64url")}.${signed.split(".")[1]}.`;
  }

  /** A provider has one key, and after a rotation another one. */
  get #key(): IssuerKey {
    const key = this.#keys[this.#generation];
    if (key === undefined) throw new Error("too many rotations");
    return key;
  }
}

interface Served<K> {
  readonly base: string;
  readonly kind: K;
}

type SendJson = (status: number, value: unknown) => void;

const publicKeyText = ({ privateKey }: IssuerKey): string =>
  createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();

/** The client's id and secret, from the header or the body. Spec: RFC 6749 §2.3.1 */
function readClient(form: URLSearchParams, authorization: string | undefined): readonly (string | null)[] {
  if (authorization === undefined) return [form.get("client_id"), form.get("client_secret")];
  const text = Buffer.from(authorization.replace(/^Basic /, ""), "base64").toString();
  return text.split(":").map((half: string) => new URLSearchParams(`v=${half}`).get("v"));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
