// SPDX-License-Identifier: Apache-2.0
// The page of the development connector, on which one types an address. Loopback hosts only.

import { catchFailures } from "../../shared/http/failure.ts";
import { rejectUnconfigured, renderStatus } from "../../shared/http/status.ts";
import { type OidcEnv, readConfig } from "../oidc/env.ts";
import { respondWithPage } from "../oidc/pages/respond.ts";
import { renderError } from "../oidc/status.ts";
import { reject } from "./status.ts";

/** The path that `showDevLogin` serves. */
export const DEV_LOGIN_PATH = "/oidc/dev/login";

/** The path segment of the development connector. */
export const DEV_SLUG = "development";

/** Answers every request to DEV_LOGIN_PATH. The form leads to the connector's callback, by GET. */
export function showDevLogin(request: Request, env: OidcEnv): Promise<Response> {
  return catchFailures(
    request,
    () => showLogin(request, env),
    (requestId) => renderError({ code: "oidc_failed", requestId }),
  );
}

function showLogin(request: Request, env: OidcEnv): Response {
  const config = readConfig(env);
  if (!config.ok) return renderStatus(rejectUnconfigured(config.error));
  const { publicUrl, issuer } = config.value;
  const { searchParams, origin } = new URL(request.url);
  if (!publicUrl.isLoopback || origin !== publicUrl.href) return reject({ code: "token_host_not_loopback" });
  if (request.method !== "GET") return renderError({ code: "oidc_method_wrong", allow: "GET" });
  return respondWithPage(request, {
    kind: "email",
    action: `${issuer}/callback/${DEV_SLUG}`,
    state: searchParams.get("state") ?? "",
    loginHint: searchParams.get("login_hint"),
    problem: null,
  });
}
