// SPDX-License-Identifier: Apache-2.0
// The port that every connector implements: it sends a browser to a provider at which people sign in, and says which
// addresses that provider has vouched for. It knows nothing of clients, codes or pages.

import type { ConnectorIdentity, ConnectorTypeName } from "../../../shared/oauth/connectors/connectors.ts";
import type { Result } from "../../../shared/result.ts";
import type { UnixMs } from "../../../shared/time.ts";

/** Chooses the mark that a page shows. */
export type ConnectorKind = ConnectorTypeName | "development";

/** A provider at which people sign in. `id`, `slug` and `name` come from its configuration. */
export interface Connector extends ConnectorIdentity {
  readonly kind: ConnectorKind;
  /** The address at the provider to which the browser goes. May ask the provider for its metadata. */
  readonly authorizationUrl: (request: UpstreamRequest) => Promise<Result<string, ConnectorError>>;
  /**
   * Redeems what the browser came back with. Returns at least one identity, best first, each vouched for by the
   * provider and admitted by the connector's policy. Drops the provider's tokens.
   */
  readonly identify: (callback: UpstreamCallback) => Promise<Result<readonly Identity[], ConnectorError>>;
}

/** One sign-in at a provider. */
export interface UpstreamRequest {
  /** `<issuer>/callback/<slug>`, as registered at the provider. */
  readonly redirectUri: string;
  /** Seals the sign-in with what the connector needs on the way back: `state`, of at most 1000 characters. */
  readonly seal: (known: Known | null) => Promise<string>;
  /** For OpenID providers, which return it in the identity token. */
  readonly nonce: string;
  /** The PKCE verifier of this sign-in; only its S256 challenge may go into the address. */
  readonly codeVerifier: string;
  readonly loginHint: string | null;
  /** Asks the person to type the password again, or to choose an account. */
  readonly prompt: "login" | "select_account" | null;
}

/** A connector's knowledge of its provider when it sent the browser there. It need not ask again on the way back. */
export type Known = readonly unknown[];

/** The browser's way back. */
export interface UpstreamCallback extends Pick<UpstreamRequest, "redirectUri" | "nonce" | "codeVerifier"> {
  /** The query of the callback, its `state` included, which the provider of this service has opened already. */
  readonly parameters: URLSearchParams;
  /** As the connector gave it to `seal`; null if it gave nothing, or if there was no space. */
  readonly known: Known | null;
  readonly now: UnixMs;
}

/** A verified address, with the provider's own name for its owner. */
export interface Identity {
  /** Stable at the provider, and never given to somebody else: a numeric id, `sub`. */
  readonly userId: string;
  /** As the provider spells it: never lower-cased. Checked by isEmailAddress. */
  readonly address: string;
}

/** Why there is no identity. Holds nothing that the provider sent, except where it says so. */
export type ConnectorError =
  /** The person said no at the provider, or the provider said it for them. */
  | { readonly code: "upstream_denied" }
  /** The provider did not answer, answered something else, or answered wrongly. `problem` completes "<name> …". */
  | { readonly code: "upstream_failed"; readonly problem: string }
  /** The provider refuses this deployment: a wrong client id, secret or redirect URI. An operator must act. */
  | { readonly code: "upstream_refused"; readonly problem: "client" | "redirect_uri" | "request" }
  /** The provider knows the person, and has not verified an address. `address` is what it says, if it is one. */
  | { readonly code: "address_unverified"; readonly address: string | null }
  /** The provider gives no address, or one that no certificate can hold. */
  | { readonly code: "address_unusable" }
  /** The connector's policy does not admit the person. `hint` is a sentence for people, null if there is none. */
  | { readonly code: "not_admitted"; readonly address: string; readonly hint: string | null };
