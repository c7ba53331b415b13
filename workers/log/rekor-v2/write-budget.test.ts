// SPDX-License-Identifier: Apache-2.0
// Limits on a stranger who knows a certificate or a listed key, and nothing of its private key.

import { describe, expect, it } from "vitest";
import { encodePem } from "../../../shared/bytes/pem.ts";
import { parsePublicKey } from "../../../shared/crypto/public-key.ts";
import { otherForms } from "../../../shared/rekor/other-forms.ts";
import { err, ok } from "../../../shared/result.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { hash } from "../../../shared/tlog/hash.ts";
import { forgeSignature } from "../../../test/support/authority/forged-signature.ts";
import { CA, leafNamed } from "../../../test/support/authority/signing-chain.ts";
import { createSigningKey, signingKey } from "../../../test/support/authority/signing-keys.ts";
import { headOf, sequencerOf } from "../../../test/support/logs/appends.ts";
import { type MemoryLog, memoryLog } from "../../../test/support/logs/memory-log.ts";
import { addEntry } from "./add-entry.ts";
import { parseEntries, parseGrace } from "./write-budget.ts";
import { parseSigningAlgorithms, parseWritePolicy } from "./write-policy.ts";

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const leaf = leafNamed("email");
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const NOW = unixMs(leaf.notBefore + 1000);
const BUDGET = 5;
const BOUNDS = { graceMs: 10 * MINUTE_MS, entriesPerCertificate: BUDGET, entriesPerKey: BUDGET };

type Verifier =
  | { readonly x509Certificate: { readonly rawBytes: string } }
  | { readonly publicKey: { readonly rawBytes: string } };

const certificate: Verifier = { x509Certificate: { rawBytes: base64(leaf.der) } };
const bare = (spki: Uint8Array): Verifier => ({ publicKey: { rawBytes: base64(spki) } });

/** An entry that nobody has signed. */
function forgedRequest(spki: Uint8Array, verifier: Verifier): string {
  const { digest, signature } = forgeSignature(spki);
  return JSON.stringify({
    hashedRekordRequestV002: {
      digest: base64(digest),
      signature: {
        content: base64(signature),
        verifier: { ...verifier, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
      },
    },
  });
}

interface Site {
  memory: MemoryLog;
  now: UnixMs;
  readonly post: (body: string) => Promise<Response>;
}

async function site(accept: string, listed: string | null = null): Promise<Site> {
  const policy = parseWritePolicy(accept, listed, [{ certificate: CA, retirement: null, isIssuing: true }]);
  const accepted = parseSigningAlgorithms(null);
  if (!policy.ok || !accepted.ok) throw new Error("settings");
  const self: Site = {
    memory: memoryLog("signature"),
    now: NOW,
    post: async (body) => {
      self.memory.host.time = self.now;
      return await addEntry(new Request("http://localhost/api/v2/log/entries", { method: "POST", body }), {
        policy: { ...policy.value, bounds: BOUNDS },
        accepted: accepted.value,
        now: () => self.now,
        sequencer: () => sequencerOf(self.memory),
        logId: () => Promise.resolve(new Uint8Array(32)),
        prover: {
          prove: (leafIndex) => {
            const head = self.memory.log.head;
            const served = { treeSize: head?.treeSize ?? 0, rootHash: hash(new Uint8Array(32)), checkpoint: "" };
            return Promise.resolve(
              head === null ? err({ code: "beyond_head" }) : ok({ leafIndex, head: served, proof: [] }),
            );
          },
        },
        observe: () => undefined,
        report: () => undefined,
      });
    },
  };
  self.memory.host.time = NOW;
  await self.memory.log.open();
  return self;
}

const sizeOf = ({ memory }: Site): number => headOf(memory).size - 1;

/** Posts entries until `count` were sent, restarting the log on the way, and returns the statuses. */
async function forge(one: Site, count: number, make: () => string): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) {
    if (i % 3 === 2) one.memory = one.memory.restart();
    statuses.push((await one.post(make())).status);
  }
  return statuses;
}

const statuses = (...runs: readonly (readonly [status: number, count: number])[]): readonly number[] =>
  runs.flatMap(([status, count]) => Array<number>(count).fill(status));

describe("a stranger who forges signatures", () => {
  it("logs at most the budget of a certificate, in whatever rounds and across restarts", async () => {
    const one = await site("own-ca");
    const make = (): string => forgedRequest(leaf.spki, certificate);
    expect(await forge(one, 20, make)).toEqual(statuses([201, BUDGET], [400, 15]));
    expect(sizeOf(one)).toBe(BUDGET);
    const refused = (await (await one.post(make())).json()) as { readonly message: string };
    expect(refused.message).toContain("has 5 entries of this certificate, and accepts no more");
    const crowd = await site("own-ca");
    const answers = await Promise.all(Array.from({ length: 100 }, async () => await crowd.post(make())));
    expect(answers.filter(({ status }) => status === 201).length).toBe(BUDGET);
    expect(sizeOf(crowd)).toBe(BUDGET);
  });

  it("logs nothing under a certificate that has expired, and learns where an old entry is", async () => {
    const one = await site("own-ca");
    const old = forgedRequest(leaf.spki, certificate);
    expect((await one.post(old)).status).toBe(201);
    one.now = unixMs(leaf.notAfter + BOUNDS.graceMs);
    expect((await one.post(forgedRequest(leaf.spki, certificate))).status).toBe(201);
    for (const later of [1, DAY_MS, 365 * DAY_MS]) {
      one.now = unixMs(leaf.notAfter + BOUNDS.graceMs + later);
      const refused = await one.post(forgedRequest(leaf.spki, certificate));
      expect([refused.status, await refused.json()]).toEqual([
        400,
        {
          code: 3,
          message: expect.stringMatching(/the certificate has expired, and was accepted until 20.*: sign with a new/),
          details: [],
        },
      ]);
      const retried = await one.post(old);
      expect([retried.status, retried.headers.get("x-log-index")]).toEqual([201, "1"]);
    }
    expect(sizeOf(one)).toBe(2);
  });

  it("logs at most the budget of a listed key in a day", async () => {
    const key = signingKey("ecdsa-p256");
    const one = await site("own-ca+listed-keys", encodePem("PUBLIC KEY", key.spki));
    const make = (): string => forgedRequest(key.spki, bare(key.spki));
    expect(await forge(one, 8, make)).toEqual(statuses([201, BUDGET], [429, 3]));
    const endOfDay = unixMs((Math.floor(NOW / DAY_MS) + 1) * DAY_MS);
    const refused = await one.post(make());
    expect(refused.headers.get("retry-after")).toBe(String(Math.ceil((endOfDay - NOW) / 1000)));
    one.now = endOfDay;
    expect(await forge(one, 8, make)).toEqual(statuses([201, BUDGET], [429, 3]));
    expect(sizeOf(one)).toBe(2 * BUDGET);
  });

  it("logs at most the budget of each key of an open log, with or without a certificate", async () => {
    const one = await site("open");
    const keys = [createSigningKey("ecdsa-p256"), createSigningKey("ecdsa-p256")];
    for (const { spki } of keys) {
      expect(await forge(one, 7, () => forgedRequest(spki, bare(spki)))).toEqual(statuses([201, BUDGET], [429, 2]));
    }
    const mixed = (i: number): Verifier => (i % 2 === 0 ? certificate : bare(leaf.spki));
    let i = 0;
    expect(await forge(one, 7, () => forgedRequest(leaf.spki, mixed(i++)))).toEqual(statuses([201, BUDGET], [429, 2]));
  });

  it("cannot log the other signature of an entry, or of its certificate", async () => {
    const one = await site("own-ca");
    const { digest, signature } = forgeSignature(leaf.spki);
    const entry = {
      digest,
      signature,
      verifier: { kind: "x509Certificate", rawBytes: leaf.der, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
    } as const;
    const key = parsePublicKey(leaf.spki);
    if (!key.ok) throw new Error(key.error.code);
    const forms = [entry, ...otherForms(entry, { key: key.value, certificate: leaf })].map((form) =>
      JSON.stringify({
        hashedRekordRequestV002: {
          digest: base64(form.digest),
          signature: {
            content: base64(form.signature),
            verifier: {
              x509Certificate: { rawBytes: base64(form.verifier.rawBytes) },
              keyDetails: form.verifier.keyDetails,
            },
          },
        },
      }),
    );
    expect(forms).toHaveLength(4);
    // All at once, so that some wait for one round; then one after the other.
    const first = await Promise.all(forms.map(async (form) => (await one.post(form)).status));
    expect(first.toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409]);
    const logged = first.indexOf(201);
    one.memory = one.memory.restart();
    const others = forms.filter((_, i) => i !== logged);
    const again = await Promise.all(others.map(async (form) => await (await one.post(form)).json()));
    for (const answer of again) {
      expect(answer).toMatchObject({ code: 6, message: expect.stringContaining("already exists at index 1") });
    }
    expect((await one.post(forms[logged] ?? "")).headers.get("x-log-index")).toBe("1");
    expect(sizeOf(one)).toBe(1);
  });

  it("leaves no row behind once the certificate is useless", async () => {
    const one = await site("own-ca");
    await one.post(forgedRequest(leaf.spki, certificate));
    const rows = (): number => one.memory.storage.exec("SELECT * FROM writer").length;
    expect(rows()).toBe(1);
    one.now = unixMs(leaf.notAfter + 2 * DAY_MS);
    const other = leafNamed("uri");
    expect(other.notAfter).toBe(leaf.notAfter);
    const open = await site("open");
    open.memory = one.memory;
    open.now = one.now;
    const { spki } = createSigningKey("ecdsa-p256");
    expect((await open.post(forgedRequest(spki, bare(spki)))).status).toBe(201);
    expect(one.memory.storage.exec("SELECT until_ms FROM writer").map((row) => row["until_ms"])).toEqual([
      (Math.floor(one.now / DAY_MS) + 1) * DAY_MS,
    ]);
  });
});

describe("the settings", () => {
  it.each([
    ["0", 0],
    ["10", 600_000],
    ["525600", 525_600 * MINUTE_MS],
  ])("takes a grace of %s minutes", (text, value) => expect(parseGrace(text)).toEqual({ ok: true, value }));

  it.each(["", "-1", "1.5", "10m", "525601", "99999999999"])("rejects a grace of %j", (text) =>
    expect(parseGrace(text)).toEqual({ ok: false, error: "must be 0 to 525600 minutes" }),
  );

  it.each(["0", "", "x", "1000000001", "1e3"])("rejects %j entries", (text) =>
    expect(parseEntries(text)).toEqual({ ok: false, error: "must be 1 to 1000000000" }),
  );
});
