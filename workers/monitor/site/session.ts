// SPDX-License-Identifier: Apache-2.0
// The session of /watch: a sealed cookie that only this page gets, for half an hour. A form holds a random text that
// the session holds too, so that no other site can send one in the person's name.
// Spec: RFC 6265bis §4.1.2 (Path, SameSite, __Secure-)

import { encodeBase64Url } from "../../../shared/bytes/base64.ts";
import { member } from "../../../shared/json/member.ts";
import { addressName } from "../../../shared/search/signer.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { Config } from "../env.ts";
import { createPageSealer } from "./sealing.ts";

/** Who is signed in. */
export interface Session {
  /** The address as the provider wrote it, which is how the CA would. */
  readonly address: string;
  /** As nameText writes it. */
  readonly name: string;
  readonly formToken: string;
}

const SESSION_SECONDS = 1800;
/** From the button to the provider and back. */
const SIGN_IN_SECONDS = 600;
const TOKEN_BYTES = 16;

type CookieName = "watch" | "watch-sign-in";

const nameOf = ({ publicUrl }: Config, name: CookieName): string =>
  `${publicUrl.href.startsWith("https:") ? "__Secure-" : ""}sigedge-${name}`;

/** Path: no reading page gets it. Lax: the way back from a provider at another site brings it along. */
function formatCookie(config: Config, name: CookieName, value: string, maxAge: number): string {
  const secure = config.publicUrl.href.startsWith("https:") ? "; Secure" : "";
  return `${nameOf(config, name)}=${value}; Path=/watch; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
}

function readCookie(request: Request, config: Config, name: CookieName): string | null {
  const prefix = `${nameOf(config, name)}=`;
  const pairs = (request.headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(prefix))?.slice(prefix.length) ?? null;
}

const secrets = new WeakMap<Config, Uint8Array>();

/** The secret of the monitor's object, asked for once per isolate. */
async function readSecret(config: Config): Promise<Uint8Array> {
  const known = secrets.get(config);
  if (known !== undefined) return known;
  const secret = await config.monitor.getByName(config.publicUrl.href).readSealSecret();
  secrets.set(config, secret);
  return secret;
}

type Purpose = "watch-sign-in" | "watch-session" | "watch-stop";

async function seal(config: Config, purpose: Purpose, value: unknown, seconds: number): Promise<string> {
  const sealer = createPageSealer(config.publicUrl, await readSecret(config));
  return await sealer.seal(purpose, value, unixMs(Date.now() + seconds * 1000));
}

/** The value in a sealed text; null if nobody here sealed it for this, or if its time is over. */
export async function openSealed(config: Config, purpose: Purpose, text: string | null): Promise<unknown> {
  if (text === null || text === "") return null;
  const opened = await createPageSealer(config.publicUrl, await readSecret(config)).open(purpose, text, nowMs());
  return opened.ok ? opened.value : null;
}

const nowMs = (): UnixMs => unixMs(Date.now());

/** Random text. */
export const makeToken = (): string => encodeBase64Url(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));

/** The cookie of a new session. */
export async function makeSessionCookie(config: Config, address: string): Promise<string> {
  const sealed = await seal(config, "watch-session", { address, formToken: makeToken() }, SESSION_SECONDS);
  return formatCookie(config, "watch", sealed, SESSION_SECONDS);
}

/** Ends the session in this browser. */
export const endSessionCookie = (config: Config): string => formatCookie(config, "watch", "", 0);

/** The session of the request, null if there is none. */
export async function readSession(request: Request, config: Config): Promise<Session | null> {
  const value = await openSealed(config, "watch-session", readCookie(request, config, "watch"));
  const [address, formToken] = [member(value, "address"), member(value, "formToken")];
  if (typeof address !== "string" || typeof formToken !== "string") return null;
  return { address, name: addressName(address), formToken };
}

/** The values of a sign-in under way. */
export interface SignIn {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export async function makeSignInCookie(config: Config, signIn: SignIn): Promise<string> {
  const sealed = await seal(config, "watch-sign-in", signIn, SIGN_IN_SECONDS);
  return formatCookie(config, "watch-sign-in", sealed, SIGN_IN_SECONDS);
}

export const endSignInCookie = (config: Config): string => formatCookie(config, "watch-sign-in", "", 0);

/** The sign-in that this browser began, null if there is none. */
export async function readSignIn(request: Request, config: Config): Promise<SignIn | null> {
  const value = await openSealed(config, "watch-sign-in", readCookie(request, config, "watch-sign-in"));
  const [state, nonce, verifier] = [member(value, "state"), member(value, "nonce"), member(value, "verifier")];
  if (typeof state !== "string" || typeof nonce !== "string" || typeof verifier !== "string") return null;
  return { state, nonce, verifier };
}
