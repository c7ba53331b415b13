// SPDX-License-Identifier: Apache-2.0
// Signs a person in, in a window beside the page: a redirect of the page itself would lose the chosen files. The token
// is in the memory of this page only.
// Spec: OpenID Connect Core 1.0 §3.1; RFC 7636; RFC 9207; RFC 9700 §2.1, §4.7

import { encodeBase64Url } from "../../../../shared/bytes/base64.ts";
import { parseJson } from "../../../../shared/json/parse.ts";
import { type AnswerError, readAnswer } from "../../../../shared/oauth/client/answer.ts";
import { makeAuthorizationAddress } from "../../../../shared/oauth/client/begin.ts";
import { SITE_CLIENT_ID, SITE_REDIRECT_PATH } from "../../../../shared/oauth/client/site.ts";
import { makeTokenForm, readTokenAnswer, type SignedIn } from "../../../../shared/oauth/client/token.ts";
import { challengeOf } from "../../../../shared/oauth/request/pkce.ts";
import { err, type Result } from "../../../../shared/result.ts";
import { unreachable } from "../../../../shared/unreachable.ts";
import type { Provider } from "./deployment.ts";
import { CHANNEL, type Taken } from "./window.ts";

/** As long as the provider lets a sign-in last. */
const DEADLINE_MS = 10 * 60_000;
const SECRET_BYTES = 32;
/** `aud` of the tokens that the CA takes. */
const AUDIENCE = "sigstore";

/** A sign-in that waits for the person. */
export interface WaitingSignIn {
  /** Where the person signs in. */
  readonly address: string;
  /** The person, once they have signed in. The error is a sentence for them; null: they cancelled on this page. */
  readonly answer: Promise<Result<SignedIn, string | null>>;
  readonly cancel: () => void;
}

/** Begins a sign-in. The caller opens the address. @param origin of this page */
export function beginSignIn(provider: Provider, origin: string): WaitingSignIn {
  const [state, nonce, verifier] = [makeSecret(), makeSecret(), makeSecret()];
  const redirectUri = `${origin}${SITE_REDIRECT_PATH}`;
  const address = makeAuthorizationAddress(provider.authorizationEndpoint, {
    clientId: SITE_CLIENT_ID,
    redirectUri,
    state,
    nonce,
    challenge: challengeOf(verifier),
  });
  const cancelling = new AbortController();
  const redeem = async (): Promise<Result<SignedIn, string | null>> => {
    const code = await waitForCode({ origin, state, issuer: provider.issuer }, cancelling.signal);
    if (!code.ok) return code;
    const form = makeTokenForm({ clientId: SITE_CLIENT_ID, redirectUri, code: code.value, verifier });
    return requestToken(provider, form, nonce);
  };
  return { address, answer: redeem(), cancel: () => cancelling.abort() };
}

const makeSecret = (): string => encodeBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));

type Begun = Parameters<typeof readAnswer>[1];

/** Messages of others, and about other sign-ins, change nothing. */
function waitForCode(begun: Begun, cancelled: AbortSignal): Promise<Result<string, string | null>> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(CHANNEL);
    const end = (result: Result<string, string | null>): void => {
      clearTimeout(timer);
      channel.close();
      resolve(result);
    };
    const timer = setTimeout(() => end(err("Nobody signed in within ten minutes. Sign in again.")), DEADLINE_MS);
    cancelled.addEventListener("abort", () => end(err(null)));
    channel.addEventListener("message", ({ origin, data }: MessageEvent<unknown>) => {
      const answer = readAnswer({ origin, data }, begun);
      if (!answer.ok && isOfOthers(answer.error)) return;
      const taken: Taken = { taken: begun.state };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has one origin
      channel.postMessage(taken);
      end(answer.ok ? answer : err(describe(answer.error)));
    });
  });
}

const isOfOthers = ({ code }: AnswerError): boolean =>
  code === "answer_foreign" || code === "answer_of_another_sign_in";

function describe(error: AnswerError): string {
  switch (error.code) {
    case "answer_foreign":
    case "answer_of_another_sign_in":
    case "answer_malformed":
      return "The answer of the sign-in could not be read. Nothing was signed. Sign in again.";
    case "answer_issuer":
      return "The sign-in was answered by an identity provider that is not this site’s. Nothing was signed, and nothing was sent there. Sign in again.";
    case "answer_refused":
      return error.error === "access_denied"
        ? "You did not grant the sign-in. Nothing was signed, and nothing is public."
        : `The sign-in failed (${error.error}${error.description === "" ? "" : `: ${error.description}`}). Nothing was signed. Sign in again.`;
    default:
      return unreachable(error);
  }
}

async function requestToken(
  { tokenEndpoint, issuer }: Provider,
  form: URLSearchParams,
  nonce: string,
): Promise<Result<SignedIn, string>> {
  try {
    const response = await fetch(tokenEndpoint, {
      method: "POST",
      body: form,
      credentials: "omit",
      redirect: "error",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
    const json = parseJson(new Uint8Array(await response.arrayBuffer()));
    if (!response.ok || !json.ok)
      return err("The sign-in came back too late, or was used already. Nothing was signed. Sign in again.");
    const signedIn = readTokenAnswer(json.value, { issuer, audience: AUDIENCE, nonce });
    return signedIn.ok
      ? signedIn
      : err(`The answer of the sign-in ${signedIn.error.reason}. Nothing was signed. Sign in again.`);
  } catch {
    return err(
      "The sign-in could not be finished, because this site did not answer. Nothing was signed. Check your connection, and sign in again.",
    );
  }
}
