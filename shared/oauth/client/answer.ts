// SPDX-License-Identifier: Apache-2.0
// Reads what the window of a sign-in sends back to the page that opened it: the query of the redirect address. Anybody
// can open that address with a query of their own, so nothing counts before the state does.
// Spec: RFC 6749 §4.1.2, §10.12; RFC 9207 §2.4; RFC 9700 §4.4, §4.7

import { err, ok, type Result } from "../../result.ts";

/** A message between two windows. */
export interface WindowMessage {
  /** The origin of the window that sent it, as the browser says. */
  readonly origin: string;
  readonly data: unknown;
}

/** The sign-in, as the page that began it knows it. */
export interface Begun {
  /** The origin of the page. */
  readonly origin: string;
  readonly state: string;
  /** The provider. */
  readonly issuer: string;
}

/** Why there is no code. */
export type AnswerError =
  /** From another site, or about another sign-in: to be ignored, so that nobody can end a sign-in of somebody else. */
  | { readonly code: "answer_foreign" }
  | { readonly code: "answer_of_another_sign_in" }
  /** Another provider answers (RFC 9207): the code must not be redeemed anywhere. */
  | { readonly code: "answer_issuer" }
  | { readonly code: "answer_malformed" }
  /** The person or the provider refused. `error` is a code of the specification, or of the provider. */
  | { readonly code: "answer_refused"; readonly error: string; readonly description: string };

/** The address with a code of any provider is shorter. */
const MAX_QUERY_CHARS = 4096;
const MAX_DESCRIPTION_CHARS = 300;
const PARAMETERS = ["state", "iss", "code", "error", "error_description"] as const;

/** Reads the answer to a sign-in. Gives the code. Fails with an AnswerError. */
export function readAnswer({ origin, data }: WindowMessage, begun: Begun): Result<string, AnswerError> {
  if (origin !== begun.origin || typeof data !== "string" || data.length > MAX_QUERY_CHARS) {
    return err({ code: "answer_foreign" });
  }
  const query = new URLSearchParams(data);
  if (query.get("state") !== begun.state) return err({ code: "answer_of_another_sign_in" });
  if (PARAMETERS.some((name) => query.getAll(name).length > 1)) return err({ code: "answer_malformed" });
  if (query.get("iss") !== begun.issuer) return err({ code: "answer_issuer" });
  const [code, error] = [query.get("code") ?? "", query.get("error") ?? ""];
  if (error !== "") {
    const description = (query.get("error_description") ?? "").slice(0, MAX_DESCRIPTION_CHARS);
    return err({ code: "answer_refused", error: error.slice(0, MAX_DESCRIPTION_CHARS), description });
  }
  return code === "" ? err({ code: "answer_malformed" }) : ok(code);
}
