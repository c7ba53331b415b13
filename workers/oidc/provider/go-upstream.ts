// SPDX-License-Identifier: Apache-2.0
// Sends a sign-in to a connector's provider, or offers the connectors to choose from. Nothing is stored: everything
// that the way back needs is sealed in `state`.

import { encodeBase64Url } from "../../../shared/bytes/base64.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { unixMs } from "../../../shared/time.ts";
import type { Connector, Known } from "../connectors/connector.ts";
import type { SignInError } from "../errors.ts";
import type { Asker, ChoosePage } from "../pages/page.ts";
import { makeCancelAddress } from "./answers.ts";
import type { Provider } from "./provider.ts";
import { type Choice, packChoice, packUpstream, type SignIn } from "./sign-in.ts";

/** From the first request to the answer of the person. */
export const SIGN_IN_MS = 600_000;
/** Entra refuses addresses beyond about 1,800 characters of `state`, and its further pages do so earlier. */
const MAX_STATE_CHARACTERS = 1000;
export const NONCE_BYTES = 16;
const VERIFIER_BYTES = 32;

/** The path segment that stands for "let the person choose". No connector has this slug. */
export const CHOOSE = "choose";

/** The connector's own address for the way back. */
export const makeCallbackAddress = ({ config }: Provider, { slug }: Pick<Connector, "slug">): string =>
  `${config.issuer}/callback/${slug}`;

/** The address at the connector's provider. Fails with request_too_long or connector_failed. */
export async function makeUpstreamAddress(
  provider: Provider,
  connector: Connector,
  { signIn, browser, loginHint, prompt }: Choice,
): Promise<Result<string, SignInError>> {
  const { platform, sealer } = provider;
  const nonce = encodeBase64Url(platform.randomBytes(NONCE_BYTES));
  const codeVerifier = encodeBase64Url(platform.randomBytes(VERIFIER_BYTES));
  let isTooLong = false;
  const seal = async (known: Known | null): Promise<string> => {
    const sealed = packUpstream({ signIn, browser, slug: connector.slug, nonce, codeVerifier, known });
    const state = await sealer.seal("upstream", sealed, unixMs(platform.now() + SIGN_IN_MS));
    isTooLong = state.length > MAX_STATE_CHARACTERS;
    return isTooLong && known !== null ? await seal(null) : state;
  };
  const redirectUri = makeCallbackAddress(provider, connector);
  const address = await connector.authorizationUrl({ redirectUri, seal, nonce, codeVerifier, loginHint, prompt });
  if (!address.ok) return err({ code: "connector_failed", connector: connector.name, cause: address.error });
  return isTooLong ? err({ code: "request_too_long" }) : address;
}

/** The address that continues a sign-in with this connector, or with a choice of them. */
async function makeChoiceAddress(
  { config, sealer, platform }: Provider,
  slug: string,
  choice: Choice,
): Promise<string> {
  const ticket = await sealer.seal("choose", packChoice(choice), unixMs(platform.now() + SIGN_IN_MS));
  return `${config.issuer}/auth/${slug}?ticket=${ticket}`;
}

/** Begins again, with another account. */
export const makeOtherAccountAddress = (provider: Provider, signIn: SignIn, browser: string): Promise<string> =>
  makeChoiceAddress(provider, CHOOSE, { signIn, browser, loginHint: null, prompt: "select_account" });

/** The page that offers all connectors. */
export async function makeChoosePage(provider: Provider, choice: Choice, asker: Asker): Promise<ChoosePage> {
  const ticketed = await makeChoiceAddress(provider, CHOOSE, choice);
  const query = ticketed.slice(ticketed.indexOf("?"));
  return {
    kind: "choose",
    connectors: provider.connectors.map(({ slug, name, kind }) => ({
      name,
      connector: kind,
      href: `${provider.config.issuer}/auth/${slug}${query}`,
    })),
    asker,
    cancelHref: makeCancelAddress(provider, choice.signIn),
  };
}

/** The only connector, or null where the person must choose. */
export function findOnlyConnector({ connectors }: Provider): Connector | null {
  const [first = null, ...others] = connectors;
  return others.length === 0 ? first : null;
}

export const checkSignIn = ({ connectors }: Provider): Result<null, SignInError> =>
  connectors.length === 0 ? err({ code: "sign_in_off" }) : ok(null);
