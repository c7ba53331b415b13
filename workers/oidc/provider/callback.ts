// SPDX-License-Identifier: Apache-2.0
// The way back from a connector's provider: only in the browser that went there, only from the connector that it went
// to. What it establishes becomes a grant when the person confirms, or has confirmed it in this browser before.
// Spec: RFC 6749 §4.1.2; RFC 9700 §2.1, §4.4, §4.7

import { isClientAddress } from "../../../shared/oauth/request/redirect-uri.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { unixMs } from "../../../shared/time.ts";
import type { Connector, Identity } from "../connectors/connector.ts";
import { identifyRemotely, type OidcUpstream } from "../connectors/remote.ts";
import type { SignInError } from "../errors.ts";
import type { ConfirmPage, Refusal } from "../pages/page.ts";
import { respondWithPage } from "../pages/respond.ts";
import { findAsked, makeCancelAddress, showError } from "./answers.ts";
import { findAsker } from "./asker.ts";
import { isFromBrowser, readConfirmed } from "./browser.ts";
import { makeCallbackAddress, makeOtherAccountAddress, SIGN_IN_MS } from "./go-upstream.ts";
import { grantCode } from "./grant.ts";
import type { Provider } from "./provider.ts";
import { packConfirmation, readRemembered, type SignIn, type Upstream, unpackUpstream } from "./sign-in.ts";

type CallbackRequest = Request & { readonly params: Readonly<Record<string, string>> };

/** Handles GET /callback/:connector. */
export async function takeCallback(
  request: CallbackRequest,
  provider: Provider,
  remote: OidcUpstream,
): Promise<Response> {
  const begun = await readBegun(request, provider);
  if (!begun.ok) return showError(request, begun.error);
  const { connector, upstream } = begun.value;
  const { signIn, browser, nonce, codeVerifier, known } = upstream;
  const identified = await identifyRemotely(remote, connector, {
    redirectUri: makeCallbackAddress(provider, connector),
    nonce,
    codeVerifier,
    known,
    parameters: new URL(request.url).searchParams,
    now: provider.platform.now(),
  });
  if (!identified.ok) {
    const error = { code: "connector_failed", connector: connector.name, cause: identified.error } as const;
    const againHref = await makeOtherAccountAddress(provider, signIn, browser);
    const cancelHref = makeCancelAddress(provider, signIn);
    const refusal = signIn.kind === "device" ? await makeRefusal(provider, begun.value) : null;
    return showError(request, error, { againHref, cancelHref, refusal });
  }
  const confirmed = await findConfirmed(request, provider, { upstream, connector, identities: identified.value });
  if (confirmed !== null) return grantCode(request, provider, { signIn, connector, identity: confirmed });
  const page = await makeConfirmPage(request, provider, { upstream, connector, identities: identified.value });
  return page.ok ? respondWithPage(request, page.value) : showError(request, page.error);
}

interface Begun {
  readonly connector: Connector;
  readonly upstream: Upstream;
}

/** The sign-in that this browser began at this connector. Nothing is asked of the provider before this holds. */
async function readBegun(request: CallbackRequest, provider: Provider): Promise<Result<Begun, SignInError>> {
  const { config, connectors, sealer, platform } = provider;
  const connector = connectors.find(({ slug }) => slug === request.params["connector"]);
  if (connector === undefined) return err({ code: "connector_unknown" });
  const states = new URL(request.url).searchParams.getAll("state");
  const [state = ""] = states;
  if (states.length > 1) return err({ code: "parameter_repeated", parameter: "state" });
  const opened = await sealer.open("upstream", state, platform.now());
  if (!opened.ok) return err({ code: opened.error.code === "seal_expired" ? "sign_in_expired" : "sign_in_broken" });
  const upstream = unpackUpstream(opened.value);
  if (upstream.slug !== connector.slug) return err({ code: "sign_in_broken" });
  if (!isFromBrowser(request, config.publicUrl, upstream.browser)) return err({ code: "browser_changed" });
  return ok({ connector, upstream });
}

interface Established extends Begun {
  readonly identities: readonly Identity[];
}

/**
 * The identity that the person has confirmed in this browser before; null if they must be asked. Counts for a program
 * on this computer only, and not if a page of another site sent the browser.
 */
async function findConfirmed(
  request: Request,
  provider: Provider,
  { upstream, connector, identities }: Established,
): Promise<Identity | null> {
  const { config, sealer, platform } = provider;
  const text = readConfirmed(request, config.publicUrl);
  if (text === null || !canBeRemembered(provider, upstream.signIn)) return null;
  const opened = await sealer.open("remember", text, platform.now());
  if (!opened.ok) return null;
  const remembered = readRemembered(opened.value);
  if (remembered?.connectorId !== connector.id) return null;
  if (!isFromBrowser(request, config.publicUrl, remembered.browser)) return null;
  return identities.find(({ address }) => address === remembered.address) ?? null;
}

/** Whether a confirmation of this sign-in may count for later ones. */
export function canBeRemembered(provider: Provider, signIn: SignIn): boolean {
  if (signIn.kind !== "code" || signIn.isFromPage) return false;
  const target = findAsked(provider, signIn)?.target;
  return target?.kind === "loopback" && isClientAddress(target.uri);
}

async function makeConfirmPage(
  request: Request,
  provider: Provider,
  { upstream, connector, identities }: Established,
): Promise<Result<ConfirmPage, SignInError>> {
  const { signIn, browser } = upstream;
  const asker = await findAsker(request, provider, signIn);
  if (!asker.ok) return asker;
  return ok({
    kind: "confirm",
    ...(await makeTicket(provider, { upstream, connector, identities })),
    addresses: identities.map(({ address }) => address),
    connector: { name: connector.name, kind: connector.kind, id: connector.id },
    asker: asker.value,
    offersToRemember: canBeRemembered(provider, signIn),
    otherAccountHref: await makeOtherAccountAddress(provider, signIn, browser),
  });
}

/** Lets the person tell a waiting device that nobody signs in: a ticket that vouches for nobody. */
const makeRefusal = (provider: Provider, begun: Begun): Promise<Refusal> =>
  makeTicket(provider, { ...begun, identities: [] });

/** Makes the fields of the confirmation's form, and the address that it posts to. */
async function makeTicket(
  { config, sealer, platform }: Provider,
  { upstream: { signIn, browser }, connector, identities }: Established,
): Promise<Refusal> {
  const sealed = packConfirmation({ signIn, browser, connectorId: connector.id, identities });
  const ticket = await sealer.seal("confirm", sealed, unixMs(platform.now() + SIGN_IN_MS));
  return { action: `${config.issuer}/confirm`, ticket };
}
