// SPDX-License-Identifier: Apache-2.0
// The public clients of the identity provider: `sigstore`, as which every Sigstore client comes, two of the site of the
// deployment, and those that OIDC_CLIENTS lists. None has a secret; PKCE and the redirect address protect them.
// Spec: RFC 8252 §8.4; RFC 9700 §2.1

import { encodeUtf8 } from "../../bytes/utf8.ts";
import type { PublicUrl } from "../../http/public-url.ts";
import { describeProblem, type Problem, Section } from "../../identity/configuration/section.ts";
import { DEFAULT_AUDIENCE } from "../../identity/issuers.ts";
import { parseJson } from "../../json/parse.ts";
import { parseFetchableUrl } from "../../oidc/issuer-url.ts";
import { err, ok, type Result } from "../../result.ts";
import { SITE_CLIENT_ID, SITE_REDIRECT_PATH, WATCH_CLIENT_ID, WATCH_REDIRECT_PATH } from "../client/site.ts";
import { parseProgramRedirect, type RedirectTarget } from "./redirect-uri.ts";

/** A public client. */
export interface Client {
  readonly id: string;
  /** The name that people read. */
  readonly name: string;
  /** `aud` of its tokens. */
  readonly audience: string;
  /** Exact addresses; null for programs, whose rule is parseProgramRedirect. */
  readonly redirectUris: readonly string[] | null;
}

/** The client id that every Sigstore client sends. */
const SIGSTORE = "sigstore";

const BUILT_IN: ReadonlySet<string> = new Set([SIGSTORE, SITE_CLIENT_ID, WATCH_CLIENT_ID]);

const MAX_CLIENTS = 16;
const MAX_REDIRECTS = 16;
const MEMBERS = ["id", "name", "redirectURIs", "audience"];
const NAME = /^[\x20-\x7e]{1,64}$/;

/** The clients by id: the built-in ones and the configured ones. */
export function makeClientTable(publicUrl: PublicUrl, configured: readonly Client[]): ReadonlyMap<string, Client> {
  const sigstore: Client = { id: SIGSTORE, name: "A Sigstore client", audience: DEFAULT_AUDIENCE, redirectUris: null };
  const redirectUris = [`${publicUrl.href}${SITE_REDIRECT_PATH}`];
  const site: Client = { id: SITE_CLIENT_ID, name: publicUrl.host, audience: DEFAULT_AUDIENCE, redirectUris };
  const watch: Client = {
    id: WATCH_CLIENT_ID,
    name: publicUrl.host,
    audience: `${publicUrl.href}/watch`,
    redirectUris: [`${publicUrl.href}${WATCH_REDIRECT_PATH}`],
  };
  return new Map([sigstore, site, watch, ...configured].map((client) => [client.id, client]));
}

/** Returns the target of an answer to this client; null if it may not go there. */
export function redirectTarget(client: Client, redirectUri: string): RedirectTarget | null {
  if (client.redirectUris === null) return parseProgramRedirect(redirectUri);
  const isListed = client.redirectUris.includes(redirectUri);
  return isListed ? { kind: "site", uri: redirectUri, host: new URL(redirectUri).host } : null;
}

/**
 * Parses OIDC_CLIENTS: a JSON list of `{"id", "name", "redirectURIs", "audience"}`. The error completes
 * "OIDC_CLIENTS …".
 */
export function parseClients(text: string): Result<readonly Client[], string> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok || !Array.isArray(json.value)) return err("must be a JSON list of clients");
  const problems: Problem[] = [];
  const root = new Section(json.value, [], problems);
  if (json.value.length > MAX_CLIENTS) root.report(`must not have more than ${MAX_CLIENTS} clients`);
  const clients = root.items().slice(0, MAX_CLIENTS).map(readClient);
  const ids = clients.map(({ id }) => id);
  for (const id of ids) {
    if (BUILT_IN.has(id) || ids.indexOf(id) !== ids.lastIndexOf(id))
      root.report(`has the client ${JSON.stringify(id)} twice, or it is built in`);
  }
  return problems.length === 0 ? ok(clients) : err(problems.map(describeProblem).join("; "));
}

function readClient(row: Section): Client {
  const fields = row.fields(MEMBERS);
  const id = fields.text("id") ?? "";
  const name = fields.text("name") ?? id;
  const audience = fields.text("audience") ?? id;
  for (const [member, text] of Object.entries({ id, name, audience })) {
    if (!NAME.test(text)) fields.report(member, "must be 1 to 64 printable ASCII characters");
  }
  const list = fields.get("redirectURIs");
  if (list === null) fields.report("redirectURIs", "is missing: list the addresses, exactly as the client sends them");
  const items = list?.items() ?? [];
  if (list !== null && (items.length === 0 || items.length > MAX_REDIRECTS))
    list.report(`must have 1 to ${MAX_REDIRECTS} addresses`);
  const redirectUris = items.slice(0, MAX_REDIRECTS).flatMap((item) => {
    const uri = item.text() ?? "";
    const url = parseFetchableUrl(uri);
    if (!url.ok) item.report(url.error.reason);
    else if (uri.includes("#")) item.report("must not have a fragment");
    return url.ok ? [uri] : [];
  });
  return { id, name, audience, redirectUris };
}
