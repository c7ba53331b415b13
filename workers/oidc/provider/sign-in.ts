// SPDX-License-Identifier: Apache-2.0
// A sign-in on its way: what the client asked for, as it travels in sealed texts. The form is short, because one of
// these texts is the `state` of a provider's address, and providers bound those.

import { member } from "../../../shared/json/member.ts";
import type { DeviceRequest } from "../../../shared/rpc/grants.ts";
import type { Known } from "../connectors/connector.ts";

/** A client's request: for a code, or for a token for a device that waits. */
export type SignIn =
  | {
      readonly kind: "code";
      readonly clientId: string;
      readonly redirectUri: string;
      readonly state: string | null;
      readonly nonce: string | null;
      readonly challenge: string;
      /** A page may have sent the browser here, so a remembered confirmation does not count. */
      readonly isFromPage: boolean;
    }
  | ({ readonly kind: "device" } & Pick<DeviceRequest, "userCode">);

/** Sealed for "choose": a sign-in for which the person picks a connector. */
export interface Choice {
  readonly signIn: SignIn;
  /** Names the browser (browser.ts). */
  readonly browser: string;
  readonly loginHint: string | null;
  readonly prompt: "login" | "select_account" | null;
}

/** Sealed for "upstream": a sign-in that is at a connector's provider. */
export interface Upstream {
  readonly signIn: SignIn;
  readonly browser: string;
  readonly slug: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** The connector's own, for the way back. */
  readonly known: Known | null;
}

/** Sealed for "confirm": a sign-in that only the person's answer is missing from. */
export interface Confirmation {
  readonly signIn: SignIn;
  readonly browser: string;
  /** The connector that has vouched: the slug may be another one's by the time of the answer. */
  readonly connectorId: string;
  readonly identities: readonly { readonly userId: string; readonly address: string }[];
}

/** Sealed for "remember": the person has said that this browser need not ask again. */
export interface Remembered {
  readonly browser: string;
  readonly connectorId: string;
  readonly address: string;
}

/** Null if it is something else. */
export function readRemembered(opened: unknown): Remembered | null {
  const [browser, connectorId, address] = ["browser", "connectorId", "address"].map((name) => member(opened, name));
  return typeof browser === "string" && typeof connectorId === "string" && typeof address === "string"
    ? { browser, connectorId, address }
    : null;
}

type Packed = readonly unknown[];

const packSignIn = (signIn: SignIn): Packed =>
  signIn.kind === "device"
    ? [signIn.userCode]
    : [signIn.clientId, signIn.redirectUri, signIn.state, signIn.nonce, signIn.challenge, signIn.isFromPage ? 1 : 0];

// This deployment sealed everything that `open` returns, in the format that the seal's version names, so the casts
// below take up what `pack` wrote.

function unpackSignIn(packed: unknown): SignIn {
  const values = packed as Packed;
  if (values.length === 1) return { kind: "device", userCode: values[0] as string };
  const [clientId, redirectUri, state, nonce, challenge, isFromPage] = values as readonly [
    string,
    string,
    string | null,
    string | null,
    string,
    0 | 1,
  ];
  return { kind: "code", clientId, redirectUri, state, nonce, challenge, isFromPage: isFromPage === 1 };
}

export const packChoice = ({ signIn, browser, loginHint, prompt }: Choice): Packed => [
  packSignIn(signIn),
  browser,
  loginHint,
  prompt,
];

export function unpackChoice(packed: unknown): Choice {
  const [signIn, browser, loginHint, prompt] = packed as readonly [
    Packed,
    string,
    Choice["loginHint"],
    Choice["prompt"],
  ];
  return { signIn: unpackSignIn(signIn), browser, loginHint, prompt };
}

export const packUpstream = ({ signIn, browser, slug, nonce, codeVerifier, known }: Upstream): Packed => [
  packSignIn(signIn),
  browser,
  slug,
  nonce,
  codeVerifier,
  ...(known === null ? [] : [known]),
];

export function unpackUpstream(packed: unknown): Upstream {
  const [signIn, browser, slug, nonce, codeVerifier, known = null] = packed as readonly [
    Packed,
    string,
    string,
    string,
    string,
    Known?,
  ];
  return { signIn: unpackSignIn(signIn), browser, slug, nonce, codeVerifier, known };
}

export const packConfirmation = ({ signIn, browser, connectorId, identities }: Confirmation): Packed => [
  packSignIn(signIn),
  browser,
  connectorId,
  identities,
];

export function unpackConfirmation(packed: unknown): Confirmation {
  const [signIn, browser, connectorId, identities] = packed as readonly [
    Packed,
    string,
    string,
    Confirmation["identities"],
  ];
  return { signIn: unpackSignIn(signIn), browser, connectorId, identities };
}
