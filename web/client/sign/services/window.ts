// SPDX-License-Identifier: Apache-2.0
// How the window of a sign-in and the page that opened it find each other. A channel reaches windows of this origin
// only, and needs no reference from one to the other: the page and the provider forbid those to each other and to
// everybody else (Cross-Origin-Opener-Policy), so a foreign page has no window to post to.
// Spec: https://html.spec.whatwg.org/multipage/web-messaging.html#broadcasting-to-other-browsing-contexts

/** The name of the channel. */
export const CHANNEL = "sigedge-sign-in";

/** The message of the page to the window whose answer it has taken. */
export interface Taken {
  readonly taken: string;
}
