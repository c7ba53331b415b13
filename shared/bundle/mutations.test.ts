// SPDX-License-Identifier: Apache-2.0
// Mutated bundles, judged by this verifier and by @sigstore/verify: the same verdict, or a row of EXPLAINED.
// SIGEDGE_MUTATIONS=N and SIGEDGE_SEED=N make longer runs, and the same run again.

import fc from "fast-check";
import { expect, test } from "vitest";
import { artifactOf, readBundleCases } from "../../test/support/bundles/cases.ts";
import { judgeBundle } from "../../test/support/bundles/judge.ts";
import { type Mutation, mutate } from "../../test/support/bundles/mutate.ts";
import { judgeWithSigstoreJs } from "../../test/support/bundles/sigstore-js.ts";

const RUNS = Number(process.env["SIGEDGE_MUTATIONS"] ?? 200);
const SEED = Number(process.env["SIGEDGE_SEED"] ?? 20_261_129);

/** A mutation takes about ten milliseconds on an idle core. */
const TIMEOUT_MS = 60_000 + 200 * RUNS;

/** A difference between the two verdicts that has its reason. */
interface Explanation {
  /** Matches the description of the mutation. */
  readonly of: RegExp;
  readonly ours: "stricter" | "looser";
  readonly why: string;
}

const EXPLAINED: readonly Explanation[] = [
  {
    of: /messageDigest\.algorithm removed/,
    ours: "stricter",
    why: "a digest must name its algorithm; the package takes SHA-256 for it",
  },
  {
    of: /inclusionProof\.(rootHash|treeSize) /,
    ours: "stricter",
    why: "size and root of the proof must be those of the checkpoint; the package does not read them",
  },
  {
    of: /^(rekor2|staging|timestamps|conda-attestation-rekor2|sct).* .verificationMaterial.tlogEntries.0.logIndex /,
    ours: "stricter",
    why: "the index of a Rekor v2 entry must be that of its proof; the package does not read it",
  },
  {
    of: /^(invalid-ct-key|sigstore\.js).*checkpoint(\.envelope)? removed/,
    ours: "looser",
    why: "in version 0.1 a proof without a checkpoint counts as absent, and the promise proves the entry; the package fails",
  },
];

/** The cases that both accept: a signature over a file that is not at hand cannot be judged by the package. */
const CASES = readBundleCases().filter((one) => {
  const artifact = artifactOf(one);
  const isEnvelope = Buffer.from(one.bundle).includes("dsseEnvelope");
  return (
    one.isGood && (isEnvelope || artifact !== null) && judgeWithSigstoreJs(one, artifact ?? Buffer.alloc(0)).isGood
  );
});

const mutation = fc.record<Mutation>({
  from: fc.nat(),
  other: fc.nat(),
  place: fc.nat(),
  operation: fc.nat(),
  detail: fc.nat(),
});

test(
  "mutated bundles get the verdict that @sigstore/verify gives them",
  async () => {
    const counts = new Map<string, number>();
    const unexplained: string[] = [];
    for (const one of fc.sample(mutation, { numRuns: RUNS, seed: SEED })) {
      const { changed, description } = mutate(one, CASES);
      const ours = await judgeBundle(changed);
      const theirs = judgeWithSigstoreJs(changed, artifactOf(changed) ?? Buffer.alloc(0));
      const isGood = ours.verdict === "good";
      const direction = isGood ? "looser" : "stricter";
      const row = EXPLAINED.find(({ of, ours: which }) => which === direction && of.test(description));
      const difference = row === undefined ? "UNEXPLAINED" : `${direction}: ${row.why}`;
      const outcome = isGood === theirs.isGood ? `both ${isGood ? "accept" : "reject"}` : difference;
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      if (outcome === "UNEXPLAINED")
        unexplained.push(
          `${description}: ours ${ours.verdict} (${ours.reasons.join("; ").slice(0, 160)}), theirs ${theirs.isGood} ${theirs.reason.slice(0, 120)}`,
        );
    }
    const lines = [...counts].map(([outcome, count]) => `${String(count).padStart(6)}  ${outcome}`);
    process.stdout.write(`${RUNS} mutations of ${CASES.length} bundles, seed ${SEED}\n${lines.join("\n")}\n`);
    expect(unexplained).toEqual([]);
  },
  TIMEOUT_MS,
);
