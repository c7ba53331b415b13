// SPDX-License-Identifier: Apache-2.0
// Compares with what the reference server answers (test/vectors/rekor-v1).

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeHex } from "../bytes/hex.ts";
import type { Result } from "../result.ts";
import { leafHash } from "../tlog/hash.ts";
import { parseProposedEntry } from "./entry.ts";
import type { ProposedEntry } from "./kinds/kind.ts";
import type { EntryProblem } from "./problem.ts";
import { readStoredEntry } from "./stored.ts";

interface Row {
  readonly name: string;
  readonly proposed: object;
  readonly status: number;
  readonly result: {
    readonly body?: string;
    readonly uuid?: string;
    readonly code?: number;
    readonly message?: string;
  };
}

const ROWS = ["entries.json", "files.json"].flatMap(
  (name) => JSON.parse(readFileSync(`test/vectors/rekor-v1/${name}`, "utf8")) as readonly Row[],
);
const ACCEPTED = ROWS.filter(({ status }) => status === 201);
/** Another spelling of an entry before it. */
const REPEATED = ROWS.filter(({ status }) => status === 409);
const REJECTED = ROWS.filter(({ status }) => status === 400 || status === 422);

function proposalOf(name: string): object {
  const row = ROWS.find((one) => one.name === name);
  if (row === undefined) throw new Error(`no row ${name}`);
  return row.proposed;
}

async function verified(json: unknown): Promise<Result<ProposedEntry, EntryProblem>> {
  const entry = parseProposedEntry(json);
  const verdict = entry.ok ? await entry.value.verify() : entry;
  return verdict.ok ? entry : verdict;
}

describe("an entry that the reference logs", () => {
  it.each(ACCEPTED)("has the same body and UUID: $name", async ({ proposed, result }) => {
    const entry = await verified(proposed);
    const body = entry.ok ? entry.value.body : new Uint8Array(0);
    expect(new TextDecoder().decode(body)).toBe(result.body);
    expect(encodeHex(leafHash(body))).toBe(result.uuid);
  });

  it.each(REPEATED)("has the same UUID as in another spelling: $name", async ({ proposed, result }) => {
    const entry = await verified(proposed);
    expect(encodeHex(leafHash(entry.ok ? entry.value.body : new Uint8Array(0)))).toBe(result.uuid);
  });

  it.each(ACCEPTED)("is read from its body: $name", async ({ proposed, result }) => {
    const entry = parseProposedEntry(proposed);
    const stored = readStoredEntry(new TextEncoder().encode(result.body));
    // The body of an envelope has its signatures in another order.
    expect(stored?.signatures.map(({ verifier }) => encodeHex(verifier.der)).toSorted()).toEqual(
      entry.ok ? entry.value.verifiers.map(({ der }) => encodeHex(der)).toSorted() : null,
    );
    expect(stored?.digests).toEqual(digestsOf(proposed));
  });
});

const hashOf = (bytes: string | Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const decode = (base64: string): Buffer => Buffer.from(base64, "base64");

/** The digests by which an entry is found, computed from what was sent. */
function digestsOf(proposed: object): readonly string[] {
  const { kind, spec } = proposed as { kind: string; spec: Record<string, never> };
  switch (kind) {
    case "hashedrekord": {
      const { hash } = spec["data"] as unknown as { hash: { algorithm: string; value: string } };
      return [`${hash.algorithm}:${hash.value.toLowerCase()}`];
    }
    case "rekord":
      return [hashOf(decode((spec["data"] as unknown as { content: string }).content))];
    case "alpine":
      return [hashOf(decode((spec["package"] as unknown as { content: string }).content))];
    case "rfc3161":
      return [hashOf(decode((spec["tsr"] as unknown as { content: string }).content))];
    case "intoto": {
      const { envelope } = (spec["content"] ?? {}) as unknown as { envelope: string | { payload: string } };
      if (typeof envelope !== "string") return [hashOf(decode(decode(envelope.payload).toString()))];
      return [hashOf(decode((JSON.parse(envelope) as { payload: string }).payload)), hashOf(envelope)];
    }
    default: {
      const { envelope } = spec["proposedContent"] as unknown as { envelope: string };
      return [hashOf(decode((JSON.parse(envelope) as { payload: string }).payload)), hashOf(envelope)];
    }
  }
}

/** Where the reference repeats the words of one of Go's parsers. */
const OWN_WORDS = new Set([
  "dsse: not JSON",
  "dsse: a certificate and a key",
  "dsse: a number as keyid",
  "hashedrekord: PEM before other text",
  "intoto 0.0.1: URL-safe payload",
  "ssh key that is not one",
  "ssh with SHA-256",
  "ssh another key",
  "alpine not gzip",
  "alpine without files",
  "rfc3161 without a certificate",
  "rfc3161 another signature",
  "rfc3161 not DER",
  "rfc3161 rejection",
]);

describe("an entry that the reference rejects", () => {
  it.each(REJECTED)("is rejected with the same words: $name", async ({ name, proposed, status, result }) => {
    const entry = await verified(proposed);
    if (entry.ok) throw new Error("it was accepted");
    const { error } = entry;
    const isMalformed = error.code === "v1_entry_malformed";
    expect(isMalformed ? [422, error.number] : [400, 400]).toEqual([status, result.code]);
    const message = isMalformed ? error.reason : `error processing entry: ${error.reason}`;
    if (!OWN_WORDS.has(name)) expect(message).toBe(result.message);
  });
});

describe("an entry that only the reference takes", () => {
  it.each(["cose", "helm", "jar", "rpm", "tuf"])("is rejected as by a server where its kind is off: %s", (kind) => {
    expect(parseProposedEntry({ kind, apiVersion: "0.0.1", spec: {} })).toEqual({
      ok: false,
      error: {
        code: "v1_kind_unsupported",
        reason: `entry kind '${kind}' is not enabled for submission on this server`,
      },
    });
  });

  it.each([
    ["in another order", (all: readonly string[]) => all.toReversed(), "in the order of the signatures"],
    ["fewer than signatures", (all: readonly string[]) => all.slice(1), "must have a key"],
    ["too many", (all: readonly string[]) => [...all, ...all], "at most 4 signatures"],
  ])("is rejected if the verifiers of its envelope are %s", async (_, change, reason) => {
    const { spec } = proposalOf("dsse: three signatures") as {
      spec: { proposedContent: { envelope: string; verifiers: string[] } };
    };
    const { envelope, verifiers } = spec.proposedContent;
    const proposedContent = { envelope, verifiers: change(verifiers) };
    expect(await verified({ kind: "dsse", apiVersion: "0.0.1", spec: { proposedContent } })).toMatchObject({
      ok: false,
      error: { code: "v1_entry_invalid", reason: expect.stringContaining(reason) },
    });
  });
});

describe("readStoredEntry", () => {
  it.each([
    "",
    "{",
    "[]",
    "{}",
    '{"kind":"hashedrekord","apiVersion":"0.0.1","spec":{}}',
    '{"kind":"x","apiVersion":"1"}',
  ])("reads no entry from %j", (text) => expect(readStoredEntry(new TextEncoder().encode(text))).toBeNull());
});
