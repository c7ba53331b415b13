// SPDX-License-Identifier: Apache-2.0
// Reads an authorization request, in the order that decides who learns of an error: until client and redirect
// address are known to be good, only the person in front of the browser.
// Spec: RFC 6749 §3.1, §4.1.1, §4.1.2.1; RFC 7636 §4.3; OpenID Connect Core 1.0 §3.1.2; RFC 9700 §4.11.2

import { err, ok, type Result } from "../../result.ts";
import { type Client, redirectTarget } from "./clients.ts";
import { isChallenge } from "./pkce.ts";
import type { RedirectTarget } from "./redirect-uri.ts";

/** A client's request to sign somebody in, once parsed. */
export interface AuthorizationRequest {
  readonly client: Client;
  readonly target: RedirectTarget;
  /** As sent: the token request must repeat it. */
  readonly redirectUri: string;
  /** Returned as it came; null if the client sent none. */
  readonly state: string | null;
  readonly nonce: string | null;
  /** S256. */
  readonly challenge: string;
  /** The connector that the client wants; null if the person chooses. */
  readonly connectorId: string | null;
  readonly loginHint: string | null;
  readonly prompt: "login" | "select_account" | null;
}

/** The client that gets an error once the redirect address is known to be good. */
export type Return = Pick<AuthorizationRequest, "client" | "target" | "redirectUri" | "state">;

/** The request is wrong, and nobody but the person may learn of it: the address may be an attacker's. */
export type UnreturnableError =
  /** @property parameter the name of a known parameter */
  | { readonly code: "parameter_repeated"; readonly parameter: string }
  | { readonly code: "client_unknown"; readonly clientId: string }
  | { readonly code: "redirect_refused"; readonly clientName: string; readonly isProgram: boolean };

/** The request is wrong, and the client learns why. `error` is the code of its specification. */
interface ReturnableError {
  readonly code: "request_refused";
  readonly error:
    | "invalid_request"
    | "invalid_scope"
    | "login_required"
    | "request_not_supported"
    | "request_uri_not_supported"
    | "unsupported_response_type";
  readonly description: string;
  readonly to: Return;
}

export type AuthorizationError = UnreturnableError | ReturnableError;

/** Every parameter that is read. All others are ignored, repeated or not. */
const PARAMETERS = [
  "client_id",
  "redirect_uri",
  "response_type",
  "response_mode",
  "scope",
  "state",
  "nonce",
  "code_challenge",
  "code_challenge_method",
  "connector_id",
  "login_hint",
  "prompt",
  "request",
  "request_uri",
] as const;
type Parameter = (typeof PARAMETERS)[number];

/** Bounds of what is echoed or sealed; clients send at most 36, 43 and 60 characters of the first three. */
const MAX_CHARACTERS: Partial<Record<Parameter, number>> = {
  state: 256,
  nonce: 128,
  login_hint: 320,
  connector_id: 512,
};

/**
 * Reads the parameters of a request. Fails with an UnreturnableError or request_refused.
 */
export function readAuthorizationRequest(
  parameters: URLSearchParams,
  clients: ReadonlyMap<string, Client>,
): Result<AuthorizationRequest, AuthorizationError> {
  const repeated = PARAMETERS.find((name) => parameters.getAll(name).length > 1);
  if (repeated !== undefined) return err({ code: "parameter_repeated", parameter: repeated });
  const get = (name: Parameter): string | null => parameters.get(name) || null;
  const clientId = get("client_id") ?? "";
  const client = clients.get(clientId);
  if (client === undefined) return err({ code: "client_unknown", clientId });
  const redirectUri = get("redirect_uri") ?? "";
  const target = redirectTarget(client, redirectUri);
  if (target === null) {
    return err({ code: "redirect_refused", clientName: client.name, isProgram: client.redirectUris === null });
  }
  const state = get("state");
  const isStateTooLong = (state?.length ?? 0) > (MAX_CHARACTERS.state ?? 0);
  const to = { client, target, redirectUri, state: isStateTooLong ? null : state };
  const problem = problemOf(get);
  if (problem !== null) return err({ code: "request_refused", ...problem, to });
  return ok({
    ...to,
    nonce: get("nonce"),
    challenge: get("code_challenge") ?? "",
    connectorId: get("connector_id"),
    loginHint: get("login_hint"),
    prompt: promptOf(words(get("prompt"))),
  });
}

type Problem = Pick<ReturnableError, "error" | "description">;

function problemOf(get: (name: Parameter) => string | null): Problem | null {
  const tooLong = PARAMETERS.find((name) => (get(name)?.length ?? 0) > (MAX_CHARACTERS[name] ?? Number.MAX_VALUE));
  if (tooLong !== undefined) return explainInvalid(`${tooLong} is longer than ${MAX_CHARACTERS[tooLong]} characters`);
  if (get("request") !== null)
    return { error: "request_not_supported", description: "send parameters, not a request object" };
  if (get("request_uri") !== null) {
    return { error: "request_uri_not_supported", description: "send parameters, not the address of a request object" };
  }
  if (get("response_type") !== "code") {
    return { error: "unsupported_response_type", description: "response_type must be code" };
  }
  if ((get("response_mode") ?? "query") !== "query") return explainInvalid("response_mode must be query");
  return challengeProblem(get) ?? scopeProblem(get);
}

function challengeProblem(get: (name: Parameter) => string | null): Problem | null {
  const challenge = get("code_challenge");
  if (challenge === null) return explainInvalid("code_challenge is missing: this provider requires PKCE with S256");
  if (get("code_challenge_method") !== "S256") return explainInvalid("code_challenge_method must be S256");
  return isChallenge(challenge) ? null : explainInvalid("code_challenge must be a SHA-256 hash in base64url");
}

function scopeProblem(get: (name: Parameter) => string | null): Problem | null {
  if (!words(get("scope")).includes("openid")) {
    return { error: "invalid_scope", description: "scope must include openid" };
  }
  return words(get("prompt")).includes("none")
    ? { error: "login_required", description: "prompt=none cannot succeed: every sign-in needs a person" }
    : null;
}

const explainInvalid = (description: string): Problem => ({ error: "invalid_request", description });

const words = (text: string | null): readonly string[] => (text ?? "").split(" ").filter((word) => word !== "");

function promptOf(prompts: readonly string[]): AuthorizationRequest["prompt"] {
  if (prompts.includes("select_account")) return "select_account";
  return prompts.includes("login") ? "login" : null;
}
