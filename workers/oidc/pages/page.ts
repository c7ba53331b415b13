// SPDX-License-Identifier: Apache-2.0
// Every page of the identity provider, in every state, as data. It knows nothing of HTML: render.ts makes that, and
// respond.ts the response.

import type { ConnectorKind } from "../connectors/connector.ts";

/** A page that a person sees during a sign-in. All texts are plain: the renderer escapes them. */
export type Page =
  | ChoosePage
  | ConfirmPage
  | DevicePage
  | DeviceDonePage
  | CodePage
  | ForwardPage
  | ErrorPage
  | EmailPage;

/** At which provider to sign in. */
export interface ChoosePage {
  readonly kind: "choose";
  /** At least one. */
  readonly connectors: readonly ConnectorLink[];
  readonly asker: Asker;
  /** Tells the client that the person does not want to; null where no address leads there. */
  readonly cancelHref: string | null;
}

interface ConnectorLink {
  readonly name: string;
  readonly connector: ConnectorKind;
  readonly href: string;
}

/** "Sign as alice@example.com?": the one form that grants or refuses. It posts CONFIRM_FIELDS to `action`. */
export interface ConfirmPage {
  readonly kind: "confirm";
  readonly action: string;
  readonly ticket: string;
  /** At least one; the first is proposed. Several: the person chooses. */
  readonly addresses: readonly string[];
  /** The connector whose provider has vouched for the addresses. */
  readonly connector: Vouching;
  readonly asker: Asker;
  /** Whether to offer the checkbox that remembers the answer in this browser for eight hours. */
  readonly offersToRemember: boolean;
  /** A link, not a button of the form: it leads to another site, which the form may not. */
  readonly otherAccountHref: string;
}

interface Vouching {
  readonly name: string;
  readonly kind: ConnectorKind;
  /** The issuer that certificates will name. */
  readonly id: string;
}

/** The names of the fields that the confirm page posts. */
export const CONFIRM_FIELDS = {
  ticket: "ticket",
  /** The chosen one of `addresses`. */
  address: "address",
  /** `grant` or `refuse`: the value of the button. */
  answer: "answer",
  /** `yes` if the checkbox is set. */
  remember: "remember",
} as const;

/** The form into which the person types the code that another device shows. It posts `user_code` to `action`. */
export interface DevicePage {
  readonly kind: "device";
  readonly action: string;
  /** From the link that the device shows; the person still presses the button. Null if it was not given. */
  readonly userCode: string | null;
  readonly problem: "code_unknown" | "too_many_attempts" | null;
}

/** The end of a device sign-in in the browser; `address` is null if the person refused. */
export interface DeviceDonePage {
  readonly kind: "device_done";
  readonly client: string;
  readonly address: string | null;
}

/** The code that the person copies into a terminal that has no browser. */
export interface CodePage {
  readonly kind: "code";
  readonly client: string;
  readonly code: string;
  readonly address: string;
  readonly expiresInSeconds: number;
}

/**
 * Sends the browser on, at once and by a link for people: a page and not a redirect, because browsers apply the
 * form's Content Security Policy to the redirects that follow a form.
 */
export interface ForwardPage {
  readonly kind: "forward";
  readonly href: string;
  /** Back to the client with a code, back without one, or on to the provider named `to`. */
  readonly reason: "granted" | "refused" | "to_connector";
  /** The client's name, or the connector's. */
  readonly to: string;
  /** The address that was granted, otherwise null. */
  readonly address: string | null;
}

/** An error, and the ways out of it. */
export interface ErrorPage {
  readonly kind: "error";
  readonly status: number;
  /** Stable, for whoever runs the site. */
  readonly code: string;
  readonly requestId: string | null;
  /** The heading: a sentence without a full stop. */
  readonly title: string;
  /** One or two sentences that say what happened. */
  readonly lead: string;
  /** Sentences that say what to do; may be empty. */
  readonly steps: readonly string[];
  /** To try again with another account; null if that cannot help. */
  readonly againHref: string | null;
  /** Tells the client that nothing will come; null where no address leads there. */
  readonly cancelHref: string | null;
  /** The same for a device that waits: a form, as no link may change anything. Null if none waits. */
  readonly refusal: Refusal | null;
}

/** A form that refuses a sign-in. It posts CONFIRM_FIELDS to `action`. */
export type Refusal = Pick<ConfirmPage, "action" | "ticket">;

/** The development connector's form: any address. It sends `address` and `state` to `action` by GET. */
export interface EmailPage {
  readonly kind: "email";
  readonly action: string;
  readonly state: string;
  readonly loginHint: string | null;
  /** The problem with the typed text; null the first time. */
  readonly problem: string | null;
}

/** The program, site or device that asks for the sign-in. */
export type Asker =
  /** A program on this computer that listens on a loopback port. */
  | { readonly kind: "loopback"; readonly client: string; readonly port: string }
  /** A program that waits for a code that the person copies. */
  | { readonly kind: "terminal"; readonly client: string }
  /** A web site. */
  | { readonly kind: "site"; readonly client: string; readonly host: string }
  /** A program on another device, or a build job. */
  | DeviceAsker;

export interface DeviceAsker {
  readonly kind: "device";
  readonly client: string;
  /** XXXX-XXXX */
  readonly userCode: string;
  readonly askedSecondsAgo: number;
  /** ISO 3166 alpha-2, as the platform guesses; null if unknown. */
  readonly country: string | null;
  /** Compared with the person's. */
  readonly network: "same" | "other" | "unknown";
}
