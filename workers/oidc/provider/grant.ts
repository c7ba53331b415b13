// SPDX-License-Identifier: Apache-2.0
// Grants a sign-in: the first thing that is stored, after a provider has vouched and the person has confirmed.

import { sha256 } from "#sha256";
import { encodeBase64Url } from "../../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { appendParameters } from "../../../shared/oauth/request/redirect-uri.ts";
import type { GrantedIdentity } from "../../../shared/rpc/grants.ts";
import { unixMs } from "../../../shared/time.ts";
import type { Connector, Identity } from "../connectors/connector.ts";
import { respondWithPage } from "../pages/respond.ts";
import { findAsked, showError } from "./answers.ts";
import type { Provider } from "./provider.ts";
import type { SignIn } from "./sign-in.ts";

/** Short, and of letters that a query and a person can carry: clients split the query by hand, people copy the code. */
const CODE_BYTES = 16;
const CODE_MS = 60_000;
/** A person copies it. */
const OUT_OF_BAND_CODE_MS = 300_000;

/** The identity that a connector has vouched for, for one sign-in. */
export interface Granting<S extends SignIn = SignIn> {
  readonly signIn: S;
  readonly connector: Connector;
  readonly identity: Identity;
}

/** The hash under which a code is stored. */
export const hashCode = (code: string): string => encodeBase64Url(sha256(encodeUtf8(code)));

/** The claims of the token to come. */
export async function makeGrantedIdentity(
  provider: Provider,
  { signIn, connector, identity }: Granting,
): Promise<GrantedIdentity> {
  const { subject, userId } = await provider.nameAccount(connector, identity);
  const nonce = signIn.kind === "code" ? signIn.nonce : null;
  return { connectorId: connector.id, userId, subject, address: identity.address, nonce };
}

/** Makes a code and takes the browser to the client with it, or shows it. A second click makes a second code. */
export async function grantCode(
  request: Request,
  provider: Provider,
  granting: Granting,
  cookies: readonly string[] = [],
): Promise<Response> {
  const { signIn, identity } = granting;
  const asked = findAsked(provider, signIn);
  if (signIn.kind !== "code" || asked === null) return showError(request, { code: "sign_in_broken" });
  const { client, target } = asked;
  const { config, platform } = provider;
  if (target.kind === "out_of_band" && !config.isOutOfBandOn) return showError(request, { code: "out_of_band_off" });
  const lifetimeMs = target.kind === "out_of_band" ? OUT_OF_BAND_CODE_MS : CODE_MS;
  const code = encodeBase64Url(platform.randomBytes(CODE_BYTES));
  await provider.grants().addCode({
    codeHash: hashCode(code),
    clientId: client.id,
    redirectUri: signIn.redirectUri,
    challenge: signIn.challenge,
    identity: await makeGrantedIdentity(provider, granting),
    expiresAt: unixMs(platform.now() + lifetimeMs),
  });
  const { address } = identity;
  if (target.kind === "out_of_band") {
    const expiresInSeconds = lifetimeMs / 1000;
    return respondWithPage(request, { kind: "code", client: client.name, code, address, expiresInSeconds }, cookies);
  }
  const href = appendParameters(target.uri, { code, state: signIn.state, iss: config.issuer });
  return respondWithPage(request, { kind: "forward", href, reason: "granted", to: client.name, address }, cookies);
}
