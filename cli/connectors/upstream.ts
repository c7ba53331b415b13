// SPDX-License-Identifier: Apache-2.0
// The providers of connectors, as this machine sees them: their endpoints, and requests to them with a deadline, a
// limit and no redirect.

import { addressProblem, type Neighborhood } from "../../shared/http/outside.ts";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { isObject, member } from "../../shared/json/member.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Answer, get, jsonOf } from "../status/observe.ts";

/** A connector of the file with its secret. `config` is as the operator wrote it, and has been checked. */
export interface ConnectorRow {
  readonly type: string;
  readonly slug: string;
  /** The provider's name, as people read it. */
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly secret: string;
}

/** The endpoints of a provider. */
export interface Endpoints {
  readonly authorization: string;
  readonly token: string;
}

/** Asks a provider. The error completes "<name> …". */
export type AskUpstream = (url: string, sent?: Parameters<typeof get>[1]) => Promise<Result<Answer, string>>;

/** Creates the way to ask for a deployment: https only, never the deployment itself. */
export function createAsk({ host, isLoopback }: PublicUrl): AskUpstream {
  const neighborhood: Neighborhood = { ownHosts: [host], allowsLoopback: isLoopback };
  return async (url, sent) => {
    const problem = addressProblem(url, neighborhood);
    if (problem !== null) return err(`has the address ${url}, which ${problem}`);
    const answer = await get(url, sent);
    return answer.ok ? answer : err(`cannot be reached at ${new URL(url).host}: ${answer.error}`);
  };
}

const text = (config: ConnectorRow["config"], name: string, otherwise: string): string => {
  const value = config[name];
  return typeof value === "string" ? value : otherwise;
};

type Row = ConnectorRow["config"];

/** The endpoints of providers that have no discovery document. */
const FIXED = new Map<string, (config: Row) => Endpoints>([
  [
    "github",
    (config) => {
      const base = `https://${text(config, "hostName", "github.com")}/login/oauth`;
      return { authorization: `${base}/authorize`, token: `${base}/access_token` };
    },
  ],
  [
    "bitbucket-cloud",
    () => ({
      authorization: "https://bitbucket.org/site/oauth2/authorize",
      token: "https://bitbucket.org/site/oauth2/access_token",
    }),
  ],
]);

/** The issuers of the others. */
const ISSUERS = new Map<string, (config: Row) => string>([
  ["google", () => "https://accounts.google.com"],
  ["microsoft", (config) => `https://login.microsoftonline.com/${text(config, "tenant", "common")}/v2.0`],
  ["gitlab", (config) => text(config, "baseURL", "https://gitlab.com")],
  ["oidc", (config) => text(config, "issuer", "")],
  [
    "access",
    (config) => `https://${text(config, "teamDomain", "")}/cdn-cgi/access/sso/oidc/${text(config, "clientID", "")}`,
  ],
]);

/** Finds the endpoints, by discovery where the provider has it. The error completes "<name> …". */
export async function findEndpoints(
  ask: AskUpstream,
  { type, config }: Pick<ConnectorRow, "type" | "config">,
): Promise<Result<Endpoints, string>> {
  const fixed = FIXED.get(type);
  if (fixed !== undefined) return ok(fixed(config));
  const issuer = ISSUERS.get(type)?.(config) ?? "";
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const answer = await ask(url);
  const document = answer.ok ? jsonOf(answer.value) : answer;
  if (!document.ok)
    return err(answer.ok ? `has no discovery document at ${url}: it ${document.error}` : document.error);
  const named = member(document.value, "issuer");
  // A tenant that is given by its domain has its id in the issuer.
  if (type !== "microsoft" && named !== issuer)
    return err(`calls itself ${JSON.stringify(named) ?? "nothing"} in ${url}, and not ${issuer}; use its spelling`);
  const [authorization, token] = ["authorization_endpoint", "token_endpoint"].map((name) =>
    member(document.value, name),
  );
  if (typeof authorization !== "string" || typeof token !== "string")
    return err(`names no authorization endpoint or no token endpoint in ${url}`);
  return ok({ authorization, token });
}

/** The `error` of an OAuth answer, whatever its status, with the numbers that Entra adds; null without one. */
export function oauthErrorOf(answer: Answer): { readonly error: string; readonly codes: readonly number[] } | null {
  const json = jsonOf({ ...answer, status: 200 });
  if (!json.ok || !isObject(json.value)) return null;
  const { error, error_codes: codes } = json.value;
  if (typeof error !== "string") return null;
  const numbers = Array.isArray(codes) ? codes.filter((code): code is number => typeof code === "number") : [];
  return { error: error.slice(0, 60), codes: numbers.slice(0, 8) };
}
