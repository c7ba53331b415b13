// SPDX-License-Identifier: Apache-2.0
// Reads a token request. Its client is public, and clients name themselves in three ways: HTTP Basic with an empty
// password, `client_id` in the body, or both with an empty `client_secret`.
// Spec: RFC 6749 §2.3.1, §3.2, §4.1.3; RFC 8628 §3.4; RFC 7636 §4.5

import { decodeBase64 } from "../../bytes/base64.ts";
import { decodeUtf8 } from "../../bytes/utf8.ts";
import { err, ok, type Result } from "../../result.ts";
import type { Client } from "./clients.ts";

/** A client's request for a token, by grant. */
export type TokenRequest =
  | {
      readonly grant: "code";
      readonly client: Client;
      readonly code: string;
      readonly redirectUri: string;
      readonly verifier: string;
    }
  /** Old Go clients send no client_id here: the device code names the client. */
  | {
      readonly grant: "device";
      readonly client: Client | null;
      readonly deviceCode: string;
      readonly verifier: string;
    };

/** An answer of RFC 6749 §5.2. */
export interface TokenRequestError {
  readonly code: "token_request_refused";
  readonly error: "invalid_request" | "invalid_client" | "invalid_grant" | "unsupported_grant_type";
  readonly description: string;
}

const CODE_GRANT = "authorization_code";
/** RFC 8628 §3.4. */
export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

const PARAMETERS = [
  "grant_type",
  "client_id",
  "client_secret",
  "code",
  "redirect_uri",
  "code_verifier",
  "device_code",
] as const;

/** Reads the form of a token request. @param authorization the header, null if there is none */
export function readTokenRequest(
  form: URLSearchParams,
  authorization: string | null,
  clients: ReadonlyMap<string, Client>,
): Result<TokenRequest, TokenRequestError> {
  const repeated = PARAMETERS.find((name) => form.getAll(name).length > 1);
  if (repeated !== undefined) return refuse("invalid_request", `${repeated} appears twice`);
  const grantType = form.get("grant_type");
  if (grantType !== CODE_GRANT && grantType !== DEVICE_GRANT) {
    return refuse("unsupported_grant_type", `grant_type must be ${CODE_GRANT} or ${DEVICE_GRANT}`);
  }
  const client = readClient(form, authorization, clients);
  if (!client.ok) return client;
  const verifier = form.get("code_verifier") ?? "";
  if (grantType === DEVICE_GRANT) {
    const deviceCode = form.get("device_code") ?? "";
    return deviceCode === ""
      ? refuse("invalid_request", "device_code is missing")
      : ok({ grant: "device", client: client.value, deviceCode, verifier });
  }
  if (client.value === null) return refuse("invalid_client", "client_id is missing");
  const code = form.get("code") ?? "";
  // Go's client takes an answer without a code for one with an empty code, and shows this text.
  if (code === "")
    return refuse("invalid_grant", "there is no code: the sign-in was refused or cancelled in the browser");
  return ok({ grant: "code", client: client.value, code, redirectUri: form.get("redirect_uri") ?? "", verifier });
}

/** The client of a request; null if it names none. */
export function readClient(
  form: URLSearchParams,
  authorization: string | null,
  clients: ReadonlyMap<string, Client>,
): Result<Client | null, TokenRequestError> {
  const basic = authorization === null ? ok(null) : parseBasic(authorization);
  if (!basic.ok) return refuse("invalid_client", "the Authorization header is not HTTP Basic with a client id");
  const named = form.get("client_id") || null;
  const secret = `${basic.value?.secret ?? ""}${form.get("client_secret") ?? ""}`;
  if (basic.value !== null && named !== null && named !== basic.value.id) {
    return refuse("invalid_client", "the Authorization header and client_id name different clients");
  }
  const id = basic.value?.id ?? named;
  if (id === null) return ok(null);
  const client = clients.get(id);
  if (client === undefined) return refuse("invalid_client", "no such client");
  return secret === "" ? ok(client) : refuse("invalid_client", "this client is public: send no client_secret");
}

interface BasicCredentials {
  readonly id: string;
  readonly secret: string;
}

/** RFC 6749 §2.3.1: both halves are form-encoded before they are joined. */
function parseBasic(header: string): Result<BasicCredentials, null> {
  const digits = /^basic +([A-Za-z0-9+/]{1,1024}={0,2}) *$/i.exec(header)?.[1];
  const bytes = digits === undefined ? err(null) : decodeBase64(digits);
  const text = bytes.ok ? decodeUtf8(bytes.value) : err(null);
  const colon = text.ok ? text.value.indexOf(":") : -1;
  if (!text.ok || colon < 0) return err(null);
  const halves = [text.value.slice(0, colon), text.value.slice(colon + 1)].map(decodeFormValue);
  const [id = null, secret = null] = halves;
  return id === null || id === "" || secret === null ? err(null) : ok({ id, secret });
}

function decodeFormValue(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}

const refuse = (error: TokenRequestError["error"], description: string): Result<never, TokenRequestError> =>
  err({ code: "token_request_refused", error, description });
