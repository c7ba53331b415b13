// SPDX-License-Identifier: Apache-2.0
// Every reading page with something on it, for those that look at all of them.

import { requestCertificateFor } from "../authority/request-certificate.ts";
import {
  artifactRequest,
  attestationRequest,
  type ClientKey,
  clientKey,
  postArtifacts,
  postEntry,
  sha256Hex,
} from "../logs/log-client.ts";
import type { TestStack } from "../process/stack.ts";

const ALICE = "alice@example.com";

/** The entries that were made. */
export interface Signed {
  readonly many: ClientKey;
  /** Indexes in the signature log. */
  readonly signed: string;
  readonly attested: string;
}

/** How many entries the key `many` has, besides an attestation. */
export const MANY = 45;

/** Signs as a person, with a bare key, and about another file; returns once all of it can be looked up. */
export async function signForPages(stack: TestStack): Promise<Signed> {
  const many = clientKey();
  await postArtifacts(
    stack.url,
    many,
    Array.from({ length: MANY }, (_, i) => `many ${i}`),
  );
  const key = clientKey();
  const certificate = await requestCertificateFor(stack, { key, email: ALICE });
  const { logIndex: signed } = await postEntry(stack.url, artifactRequest(key, "by Alice", certificate));
  const { logIndex: attested } = await postEntry(stack.url, attestationRequest(many, [sha256Hex("subject")]));
  await waitForIndex(stack.url, [
    [`/search?publicKey=${many.fingerprint}`, `/entry/signature/${attested}"`],
    [`/search?email=${ALICE}`, "2 entries for"],
  ]);
  return { many, signed, attested };
}

/** Waits until each page has its text: the index follows the logs within a second or so. */
async function waitForIndex(url: string, texts: readonly (readonly [path: string, text: string])[]): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const pages = await Promise.all(texts.map(async ([path]) => await (await fetch(`${url}${path}`)).text()));
    if (texts.every(([, text], i) => pages[i]?.includes(text))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the index does not follow the logs");
}

/** Name → path of every reading page, in its states. */
export const listReadingPages = ({ many, signed, attested }: Signed): ReadonlyMap<string, string> =>
  new Map([
    ["start", "/"],
    ["logs", "/logs"],
    ["entry", `/entry/signature/${signed}`],
    ["entry-key", "/entry/signature/1"],
    ["attestation", `/entry/signature/${attested}`],
    ["certificate", "/entry/certificate/0"],
    ["results", `/search?publicKey=${many.fingerprint}`],
    ["results-narrowed", `/search?publicKey=${many.fingerprint}&kind=attestation&since=2026-01-01`],
    ["results-none", "/search?q=nobody@example.com"],
    ["results-wrong", "/search?q=da39a3ee"],
    ["identity", `/identity-of/${ALICE}`],
    ["missing", "/entry/signature/999"],
  ]);
