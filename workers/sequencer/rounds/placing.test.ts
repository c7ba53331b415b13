// SPDX-License-Identifier: Apache-2.0
// Budgets of writers over many rounds, beside a model that counts by hand.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import type { CertificateSubmission, WriteBudget } from "../../../shared/rpc/sequencer.ts";
import { unixMs } from "../../../shared/time.ts";
import { memoryLog } from "../../../test/support/logs/memory-log.ts";
import { searchRow } from "../../../test/support/logs/search-rows.ts";
import { certificateSubmission } from "../kinds/certificate.ts";
import { signatureSubmission } from "../kinds/signature.ts";

const SEARCH = searchRow();

/** Far enough apart that one ends while the other counts. */
const WINDOW_MS = 3_600_000;

interface Step {
  /** Two writers, in the window of the step's time. */
  readonly writer: 0 | 1;
  /** Few bodies, so that some come twice. */
  readonly body: number;
}

const step: fc.Arbitrary<Step> = fc.record({ writer: fc.constantFrom(0, 1), body: fc.nat(40) });
const round = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 12 }),
  advanceMs: fc.constantFrom(0, 1000, WINDOW_MS),
  restarts: fc.boolean(),
});

describe("the forms of a certificate", () => {
  /** A precertificate, its certificate, and that certificate with another signature of the CA. */
  const forms = (number: number): readonly CertificateSubmission[] => {
    const tbs = { issuerKeyHash: new Uint8Array(32), signedEntry: encodeUtf8(`certificate ${number}`) };
    const common = { issuers: [], search: SEARCH };
    const final = (signedEntry: string): CertificateSubmission => ({
      ...common,
      entryType: "x509_entry",
      issuerKeyHash: null,
      signedEntry: encodeUtf8(signedEntry),
      precertificate: null,
      precertificateForm: tbs,
    });
    return [
      {
        ...common,
        entryType: "precert_entry",
        ...tbs,
        precertificate: encodeUtf8("poisoned"),
        precertificateForm: null,
      },
      final(`final ${number}`),
      final(`final ${number}, signed again`),
    ];
  };

  it("are in the log once, whichever comes first, in one round, in another, and after a restart", async () => {
    const submission = fc.record({ number: fc.nat(3), form: fc.nat(2) });
    const anyRound = fc.record({
      submissions: fc.array(submission, { minLength: 1, maxLength: 6 }),
      restarts: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyRound, { maxLength: 8 }), async (rounds) => {
        let memory = memoryLog("certificate");
        await memory.log.open();
        const logged = new Map<number, number>();
        for (const { submissions, restarts } of rounds) {
          if (restarts) memory = memory.restart();
          const answers = await Promise.all(
            submissions.map(async ({ number, form }) => {
              const one = forms(number)[form];
              if (one === undefined) throw new RangeError("no form");
              return await memory.log.append(certificateSubmission(one));
            }),
          );
          for (const [i, answer] of answers.entries()) {
            const { number = -1, form = -1 } = submissions[i] ?? {};
            const first = logged.get(number) ?? form;
            logged.set(number, first);
            const index = [...logged.keys()].indexOf(number);
            if (!answer.ok) throw new Error(answer.error.code);
            const { placement, isOtherForm } = answer.value;
            expect(answer.value.answer.leafIndex).toBe(index);
            // An SCT is made for the entry that is in the log, or not at all.
            expect([placement !== null, isOtherForm]).toEqual([
              first === form || first === 0,
              first !== form && form > 0,
            ]);
          }
        }
        expect(memory.log.head?.treeSize).toBe(logged.size);
      }),
      { numRuns: 100 },
    );
  });
});

describe("budgets", () => {
  it("bound the new entries of each writer in each window, and cost a duplicate nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(round, { maxLength: 12 }), fc.integer({ min: 0, max: 8 }), async (rounds, entries) => {
        let memory = memoryLog("signature");
        await memory.log.open();
        const logged = new Set<string>();
        const used = new Map<string, number>();
        for (const { steps, advanceMs, restarts } of rounds) {
          memory.host.time = unixMs(memory.host.time + advanceMs);
          if (restarts) memory = memory.restart();
          const until = unixMs((Math.floor(memory.host.time / WINDOW_MS) + 1) * WINDOW_MS);
          const answers = await Promise.all(
            steps.map(async ({ writer, body }) => {
              const budget: WriteBudget = { kind: "key", writer: new Uint8Array(32).fill(writer), entries, until };
              const submission = {
                body: encodeUtf8(`${writer} ${body}`),
                search: SEARCH,
                hints: null,
                otherForms: [],
                budget,
              };
              return await memory.log.append(signatureSubmission(submission));
            }),
          );
          const expected = steps.map(({ writer, body }) => {
            const name = `${writer} ${body}`;
            if (logged.has(name)) return "logged";
            const count = used.get(`${writer} ${until}`) ?? 0;
            if (count >= entries) return "writer_exhausted";
            used.set(`${writer} ${until}`, count + 1);
            logged.add(name);
            return "logged";
          });
          expect(answers.map((answer) => (answer.ok ? "logged" : answer.error.code))).toEqual(expected);
        }
        expect(memory.log.head?.treeSize).toBe(1 + logged.size);
      }),
      { numRuns: 60 },
    );
  });

  it("count nothing in the round of a transaction that failed", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    const until = unixMs(memory.host.time + WINDOW_MS);
    const budget: WriteBudget = { kind: "key", writer: new Uint8Array(32), entries: 1, until };
    const submission = signatureSubmission({
      body: encodeUtf8("one"),
      search: SEARCH,
      hints: null,
      otherForms: [],
      budget,
    });
    memory.storage.transactionSync = () => {
      throw new Error("disk full");
    };
    void memory.log.append(submission);
    await memory.host.settle();
    Reflect.deleteProperty(memory.storage, "transactionSync");
    const { log } = memory.restart();
    expect((await log.append(submission)).ok).toBe(true);
  });
});
