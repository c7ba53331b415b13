// SPDX-License-Identifier: Apache-2.0
// Seals what browsers and mailboxes keep for the pages of the monitor: a sign-in under way, a session, and the link
// that ends a watch.

import type { PublicUrl } from "../../../shared/http/public-url.ts";
import { createSealer, type Sealer } from "../../../shared/oauth/seal/seal.ts";
import { unixMs } from "../../../shared/time.ts";

/** The path of the page that ends a watch. */
export const STOP_PATH = "/watch/stop";
/** A link in a mail works for as long as somebody may keep the mail. */
const STOP_LINK_MS = 10 * 366 * 86_400_000;

const randomBytes = (length: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(length));

/** The sealer of the pages. @param secret that of the monitor's object */
export const createPageSealer = ({ href }: PublicUrl, secret: Uint8Array): Sealer =>
  createSealer([new Uint8Array(secret)], `${href}/watch`, randomBytes);

/** The address that ends a watch, for whoever has it. */
export async function makeStopLink(publicUrl: PublicUrl, secret: Uint8Array, watch: string): Promise<string> {
  const until = unixMs(Date.now() + STOP_LINK_MS);
  const sealed = await createPageSealer(publicUrl, secret).seal("watch-stop", watch, until);
  return `${publicUrl.href}${STOP_PATH}?watch=${sealed}`;
}
