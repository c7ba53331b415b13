// SPDX-License-Identifier: Apache-2.0
// To which addresses a code may go: the out-of-band URN and loopback addresses for programs, an exact list for sites.
// The string is kept as it came: a URL parser would turn `http://localhost:8080` into another one.
// Spec: RFC 8252 §7.3, §8.3; RFC 9700 §4.1.3; RFC 3986 §3.2

/** The code is shown to the person, who copies it. */
const OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob";

/** Clients send at most 60 characters. */
const MAX_REDIRECT_URI_CHARACTERS = 256;
/** The literal hosts, and what may follow one. Nothing that a parser would take for one of them begins like this. */
const LOOPBACK =
  /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::([0-9]{1,5}))?(?:[/?][\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]*)?$/;

/** The target of the answer to an authorization request. */
export type RedirectTarget =
  | { readonly kind: "out_of_band" }
  /** @property port decimal; "80" if the address names none */
  | { readonly kind: "loopback"; readonly uri: string; readonly port: string }
  /** An address of a registered site. */
  | { readonly kind: "site"; readonly uri: string; readonly host: string };

/**
 * Reads the address of a program on the person's own computer: any port, any path, no user name, no fragment. Null for
 * every other.
 */
export function parseProgramRedirect(text: string): RedirectTarget | null {
  if (text === OUT_OF_BAND) return { kind: "out_of_band" };
  const match = text.length <= MAX_REDIRECT_URI_CHARACTERS ? LOOPBACK.exec(text) : null;
  if (match === null || !URL.canParse(text)) return null;
  return { kind: "loopback", uri: text, port: match[1] ?? "80" };
}

/** The paths at which Sigstore clients listen, with no query. */
const CLIENT_ADDRESS = /^http:\/\/[^/?]+(?:\/(?:auth\/callback|callback|Callback)?)?$/;

/**
 * Whether a loopback address is of the form that clients use by themselves. Any other may be that of a service on the
 * person's computer that passes on what it gets, a redirector for example.
 */
export const isClientAddress = (uri: string): boolean => CLIENT_ADDRESS.test(uri);

/** Adds parameters to the address without changing a character of it. */
export function appendParameters(uri: string, parameters: Readonly<Record<string, string | null>>): string {
  const present = Object.entries(parameters).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  return `${uri}${uri.includes("?") ? "&" : "?"}${new URLSearchParams(present).toString()}`;
}
