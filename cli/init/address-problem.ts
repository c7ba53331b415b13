// SPDX-License-Identifier: Apache-2.0
// Finds addresses that a Worker can never answer. An address is permanent, so init refuses them before it makes keys.
// Spec: https://developers.cloudflare.com/workers/configuration/routing/

import { isIP } from "node:net";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, type Result } from "../../shared/result.ts";

/**
 * Parses --url for a Worker of this name. An address that no Worker can answer is reported before its spelling, so that
 * nobody corrects one that is then refused.
 */
export function parseAddress(text: string, name: string, env = process.env): Result<PublicUrl, string> {
  const meant = URL.canParse(text) ? parsePublicUrl(new URL(text).origin) : null;
  const problem = meant?.ok === true ? addressProblem(meant.value, name, env) : null;
  if (problem !== null) return err(`--url ${problem}`);
  const url = parsePublicUrl(text);
  return url.ok ? url : err(`--url ${url.error.reason}`);
}

/** Why no Worker of this name answers for the address, null if one can. Completes "--url …". */
function addressProblem(
  { host, hostname, isLoopback }: PublicUrl,
  name: string,
  env: NodeJS.ProcessEnv = process.env,
): string | null {
  if (isLoopback)
    return hasLocalCloud(env) ? null : "is a loopback address; for a service on this machine: npx sigedge start";
  if (host !== hostname) return "has a port; Cloudflare passes only requests at port 443 on to a Worker";
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) return "is an IP address; a Worker needs a host name of a zone";
  if (hostname.endsWith(".")) return "ends in a dot; a client that omits it would not find the service";
  if (!hostname.includes(".")) return "has no domain; a Worker needs a host name of a zone in your account";
  if (hostname !== "workers.dev" && !hostname.endsWith(".workers.dev")) return null;
  const [label, ...rest] = hostname.split(".");
  if (rest.length !== 3) return "must be https://NAME.SUBDOMAIN.workers.dev";
  return label === name
    ? null
    : `is the address of a Worker called ${label}, and this one is called ${name}; give --name ${label}`;
}

/** Whether wrangler deploys to this machine, as in the tests. */
function hasLocalCloud({ CLOUDFLARE_API_BASE_URL: base }: NodeJS.ProcessEnv): boolean {
  return base !== undefined && URL.canParse(base) && /^(localhost|127\..*)$/.test(new URL(base).hostname);
}
