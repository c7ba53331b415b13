// SPDX-License-Identifier: Apache-2.0
// Every reading page with something on it, for those that look at all of them.

import { GITHUB_CLAIMS } from "../authority/identities.ts";
import { signToken } from "../authority/identity-token.ts";
import { type LoopbackIssuers, startLoopbackIssuers } from "../authority/loopback-issuers.ts";
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
import { startStack, type TestStack } from "../process/stack.ts";

const ALICE = "alice@example.com";

/** A stack with something on every page. */
export interface ReadingSite {
  readonly stack: TestStack;
  readonly made: Signed;
  readonly stop: () => Promise<void>;
}

/** Starts a stack at which people and workflows sign, and signs. */
export async function openReadingSite(): Promise<ReadingSite> {
  const issuers = await startLoopbackIssuers();
  const github = {
    "issuer-url": `${issuers.origin}/github`,
    type: "ci-provider",
    "ci-provider": "github-workflow",
  };
  const stack = await startStack({ vars: { ACCEPT: "open", ISSUERS: JSON.stringify([github]) } });
  const stop = async (): Promise<void> => {
    issuers.close();
    await stack.stop();
  };
  return { stack, made: await signForPages(stack, issuers), stop };
}

/** The entries that were made. */
export interface Signed {
  readonly many: ClientKey;
  /** Indexes in the signature log. */
  readonly signed: string;
  readonly attested: string;
  readonly byWorkflow: string;
}

/** How many entries the key `many` has, besides an attestation. */
export const MANY = 45;

/** Signs as a person, as a workflow, with a bare key, and about a file; returns once all of it can be looked up. */
async function signForPages(stack: TestStack, issuers: LoopbackIssuers): Promise<Signed> {
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
  const byWorkflow = await signAsWorkflow(stack, issuers);
  await waitForIndex(stack.url, [
    [`/search?publicKey=${many.fingerprint}`, `/entry/signature/${attested}"`],
    [`/search?email=${ALICE}`, "2 entries for"],
    [`/search?repository=${GITHUB_CLAIMS.repository}`, "2 entries for"],
  ]);
  return { many, signed, attested, byWorkflow };
}

/** A certificate has everything that GitHub says of a run. */
async function signAsWorkflow({ url }: TestStack, { origin, key: issuer }: LoopbackIssuers): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { ...GITHUB_CLAIMS, iss: `${origin}/github`, aud: "sigstore", iat: now, exp: now + 300 };
  const token = signToken(claims, issuer, { alg: "ES256" });
  const key = clientKey();
  // The subject of the token is what the client signs to show that it has the key.
  const stack = { url, token: () => Promise.resolve(token) };
  const certificate = await requestCertificateFor(stack, { key, email: GITHUB_CLAIMS.sub });
  return (await postEntry(url, artifactRequest(key, "by a workflow", certificate))).logIndex;
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
export const listReadingPages = ({ many, signed, attested, byWorkflow }: Signed): ReadonlyMap<string, string> =>
  new Map([
    ["start", "/"],
    ["logs", "/logs"],
    ["watch", "/watch"],
    ["entry", `/entry/signature/${signed}`],
    ["entry-key", "/entry/signature/1"],
    ["entry-first", "/entry/signature/0"],
    ["entry-workflow", `/entry/signature/${byWorkflow}`],
    ["attestation", `/entry/signature/${attested}`],
    ["certificate", "/entry/certificate/0"],
    ["certificate-workflow", "/entry/certificate/1"],
    ["search", "/search"],
    ["results-signers", "/search?log=signature"],
    ["results-later", `/search?publicKey=${many.fingerprint}&until=2001-01-01&cursor=x`],
    ["results-one", `/search?repository=${GITHUB_CLAIMS.repository}&ref=refs/heads/main`],
    ["results-impossible", `/search?email=${ALICE}&repository=o/r&ref=refs/tags/`],
    ["results", `/search?publicKey=${many.fingerprint}`],
    ["results-narrowed", `/search?publicKey=${many.fingerprint}&kind=attestation&since=2026-01-01`],
    ["results-none", "/search?q=nobody@example.com"],
    ["results-wrong", "/search?q=da39a3ee"],
    ["identity", `/identity-of/${ALICE}`],
    ["identity-workflow", `/identity-of/${encodeURIComponent(`https://github.com/${GITHUB_CLAIMS.job_workflow_ref}`)}`],
    ["identity-none", "/identity-of/nobody@example.com"],
    ["missing", "/entry/signature/999"],
    ["missing-log", "/entry/nothing/0"],
    ["missing-page", "/nothing"],
    ["wrong-parameter", "/search?kind=nothing"],
  ]);
