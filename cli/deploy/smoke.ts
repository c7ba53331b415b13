// SPDX-License-Identifier: Apache-2.0
// The smoke test: the whole life of a signature against a deployment, with Sigstore's own JavaScript client:
// certificate, timestamp, log entry, trust root, verification, rejection, proof, search. Leaves one entry in each
// log, in the operator's name.

import { createHash, type KeyObject, randomBytes } from "node:crypto";
import type { Bundle } from "@sigstore/bundle";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { member } from "../../shared/json/member.ts";
import { operatorOf, signOperatorToken } from "../deployment/operator-issuer.ts";
import { waitForHit } from "../signing/search.ts";
import { type Instance, logIndexOf, readInstance, readJson, refusalOf, sign, verify } from "../signing/sigstore-js.ts";
import { decodeHealth } from "../status/observe.ts";
import { entryPath, PATHS } from "../status/paths.ts";

/** One step of the smoke test. */
export interface SmokeStep {
  readonly title: string;
  /** Resolves to a short result; rejects with the reason for a failure. */
  readonly run: () => Promise<string>;
}

const STRANGER = "somebody.else@example.com";
/** A new custom domain waits minutes for its certificate. */
const READY_DEADLINE_MS = 300_000;
const READY_PAUSE_MS = 1000;

/** The steps, to be run in order. @param key the key of the operator issuer */
export function smokeSteps({ href: url, ...rest }: PublicUrl, key: KeyObject): readonly SmokeStep[] {
  const operator = operatorOf({ href: url, ...rest });
  const data = Buffer.concat([Buffer.from("The smoke test of a deployment.\n"), randomBytes(16)]);
  const digest = createHash("sha256").update(data).digest("hex");
  const expected = { identity: operator.identity, issuer: operator.issuer, data };
  const seen: { instance?: Instance; bundle?: Bundle } = {};
  const instance = (): Instance => seen.instance ?? fail("there is no trust root");
  const bundle = (): Bundle => seen.bundle ?? fail("there is no bundle");
  return [
    { title: "the service answers", run: () => waitUntilReady(url) },
    {
      title: "trusted root and signing config",
      run: async () => {
        seen.instance = await readInstance(url);
        return `${seen.instance.trustedRoot.tlogs.length} signature log, ${seen.instance.trustedRoot.ctlogs.length} certificate log`;
      },
    },
    {
      title: "certificate, timestamp and log entry",
      run: async () => {
        const identityToken = await signOperatorToken(key, operator);
        seen.bundle = await sign(instance(), { identityToken, data, attestationType: null });
        return `entry ${logIndexOf(seen.bundle)}, as ${operator.identity}`;
      },
    },
    { title: "the bundle verifies", run: async () => `signed by ${verify(instance(), bundle(), expected)}` },
    {
      title: "another signer is rejected",
      run: async () => refusalOf(() => verify(instance(), bundle(), { ...expected, identity: STRANGER })),
    },
    {
      title: "the log proves the entry",
      run: async () => {
        const answer = await readJson(`${url}${entryPath(logIndexOf(bundle()))}`);
        const size = member(member(member(answer, "entry"), "inclusionProof"), "treeSize");
        return typeof size !== "string" ? fail("the answer has no proof") : `in the tree of ${size} entries`;
      },
    },
    {
      title: "the search finds it",
      run: async () => {
        const hits = await waitForHit(url, `digest=sha256:${digest}`, logIndexOf(bundle()));
        return hits[0]?.identity === operator.identity ? "by its digest" : fail("it is found under another name");
      },
    },
  ];
}

/** Waits until the deployment serves: DNS takes a while to learn a new address. */
async function waitUntilReady(url: string): Promise<string> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  for (let last = "nothing"; ; ) {
    try {
      const response = await fetch(`${url}${PATHS.health}`);
      last = await response.text();
      const health = decodeHealth(JSON.parse(last));
      if (health?.status === "SERVING") return url;
      // A missing setting will not appear by waiting.
      if (health?.status === "NOT_SERVING") return fail(health.problems.join("; "));
      if (health?.status === "DEGRADED") return `${url}, which says: ${health.problems.join("; ") || "DEGRADED"}`;
    } catch (error) {
      if (error instanceof SmokeError) throw error;
      last = describe(error);
    }
    if (performance.now() > deadline) fail(`${url}${PATHS.health} answers ${last.slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, READY_PAUSE_MS));
  }
}

/** The cause of a failed fetch, which says more than its message. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

class SmokeError extends Error {}

function fail(reason: string): never {
  throw new SmokeError(reason);
}
