// SPDX-License-Identifier: Apache-2.0
// Turns an exception of oauth4webapi into an error of a sign-in. Nothing that the provider sent leaves this file.

import { AuthorizationResponseError, ResponseBodyError, WWWAuthenticateChallengeError } from "oauth4webapi";
import { err, type Result } from "../../../../shared/result.ts";
import type { ConnectorError } from "../connector.ts";
import { NoAnswer } from "../upstream.ts";

/** Errors that say that the person, or the provider's policy, refused (RFC 6749 §4.1.2.1; OpenID Connect §3.1.2.6). */
const DENIALS = new Set([
  "access_denied",
  "account_selection_required",
  "consent_required",
  "interaction_required",
  "login_required",
]);
const TRANSIENT = new Set(["server_error", "temporarily_unavailable"]);

/** Thrown by a connector to end a sign-in with an error of its own. */
export class Refusal extends Error {
  readonly error: ConnectorError;

  constructor(error: ConnectorError) {
    super(error.code);
    this.error = error;
  }
}

/** The provider answered wrongly. @param problem completes "<name> …" */
export const wrong = (problem: string): Result<never, ConnectorError> => err({ code: "upstream_failed", problem });

/** Turns the protocol's exceptions into errors. */
export async function settle<T>(run: () => Promise<Result<T, ConnectorError>>): Promise<Result<T, ConnectorError>> {
  try {
    return await run();
  } catch (exception) {
    return err(readConnectorError(exception));
  }
}

/** The error of a connector for an exception; throws the exception again if it is not one of the protocol's. */
function readConnectorError(exception: unknown): ConnectorError {
  if (exception instanceof Refusal) return exception.error;
  if (exception instanceof NoAnswer) return { code: "upstream_failed", problem: exception.problem };
  if (exception instanceof AuthorizationResponseError) return readAuthorizationError(exception.error);
  if (exception instanceof ResponseBodyError) return readTokenError(exception.error);
  if (exception instanceof WWWAuthenticateChallengeError) return { code: "upstream_refused", problem: "client" };
  const code: unknown = exception instanceof Error && "code" in exception ? exception.code : null;
  if (typeof code === "string" && code.startsWith("OAUTH_")) {
    return { code: "upstream_failed", problem: `answered wrongly (${code})` };
  }
  throw exception;
}

function readAuthorizationError(error: string): ConnectorError {
  if (DENIALS.has(error)) return { code: "upstream_denied" };
  if (error === "redirect_uri_mismatch") return { code: "upstream_refused", problem: "redirect_uri" };
  return TRANSIENT.has(error)
    ? { code: "upstream_failed", problem: "is not available now" }
    : { code: "upstream_refused", problem: error === "unauthorized_client" ? "client" : "request" };
}

function readTokenError(error: string): ConnectorError {
  switch (error) {
    case "invalid_client":
    case "unauthorized_client":
    case "incorrect_client_credentials":
      return { code: "upstream_refused", problem: "client" };
    case "redirect_uri_mismatch":
      return { code: "upstream_refused", problem: "redirect_uri" };
    case "unverified_user_email":
      return { code: "address_unverified", address: null };
    case "invalid_grant":
    case "bad_verification_code":
      return { code: "upstream_failed", problem: "did not accept its own code, which may have been used already" };
    default:
      return { code: "upstream_failed", problem: "refused to redeem its code" };
  }
}
