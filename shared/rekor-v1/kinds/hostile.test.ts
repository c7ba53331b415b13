// SPDX-License-Identifier: Apache-2.0
// Parsers of entries return a value for every input: whole entries that the reference logs, with any of their parts
// changed, and keys and signatures of any bytes.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseProposedEntry } from "../entry.ts";
import { findFormat } from "../pki/formats.ts";
import { readStoredEntry } from "../stored.ts";

interface Row {
  readonly proposed: object;
  readonly status: number;
  readonly result: { readonly body?: string };
}

const ROWS = ["entries.json", "files.json"].flatMap(
  (name) => JSON.parse(readFileSync(`test/vectors/rekor-v1/${name}`, "utf8")) as readonly Row[],
);
const ACCEPTED = ROWS.filter(({ status }) => status === 201);

/** The paths of all texts in an entry. */
function listPaths(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value === "string") return [path];
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => listPaths(inner, [...path, name]))
    : [];
}

function replaceAt(value: unknown, [name, ...rest]: readonly string[], change: (old: unknown) => unknown): unknown {
  if (name === undefined) return change(value);
  const object = value as Record<string, unknown>;
  return { ...object, [name]: replaceAt(object[name], rest, change) };
}

/** Changes bytes of what a text in base64 says. */
const changedBytes = fc.array(fc.tuple(fc.nat(4096), fc.nat(255)), { minLength: 1, maxLength: 3 });

describe("a changed entry", () => {
  it("is parsed and verified without an exception", async () => {
    const change = fc.oneof(fc.anything(), fc.base64String({ maxLength: 200 }), changedBytes);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...ACCEPTED), fc.nat(), change, async ({ proposed }, at, changes) => {
        const paths = listPaths(proposed);
        const path = paths[at % paths.length] ?? [];
        const entry = parseProposedEntry(replaceAt(proposed, path, (old) => applyChanges(old, changes)));
        if (entry.ok) expect(typeof (await entry.value.verify()).ok).toBe("boolean");
      }),
      { numRuns: 2000 },
    );
  });

  it("is read from a body without an exception", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ACCEPTED), fc.nat(), changedBytes, ({ result }, at, changes) => {
        const json: unknown = JSON.parse(result.body ?? "");
        const paths = listPaths(json);
        const changed = replaceAt(json, paths[at % paths.length] ?? [], (old) => applyChanges(old, changes));
        const stored = readStoredEntry(new TextEncoder().encode(JSON.stringify(changed)));
        expect(stored === null || stored.signatures.length > 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

function applyChanges(old: unknown, changes: unknown): unknown {
  if (!Array.isArray(changes) || typeof old !== "string" || !changes.every(Array.isArray)) return changes;
  const bytes = Buffer.from(old, "base64");
  for (const [at, value] of changes) bytes[Number(at) % (bytes.length || 1)] = Number(value);
  return bytes.toString("base64");
}

describe.each(["x509", "ssh", "minisign"])("the format %s", (name) => {
  it("parses keys and signatures of any bytes without an exception", () => {
    const format = findFormat(name);
    const key = ROWS.map(({ proposed }) => format?.parseKey(keyOf(proposed))).find((parsed) => parsed?.ok === true);
    if (format === null || key?.ok !== true) throw new Error(`no key of ${name} among the vectors`);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.string().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          expect(typeof format.parseKey(bytes).ok).toBe("boolean");
          expect(typeof format.parseSignature(bytes, key.value).ok).toBe("boolean");
        },
      ),
      { numRuns: 2000 },
    );
  });
});

function keyOf(proposed: object): Uint8Array {
  const { spec } = proposed as { spec?: { signature?: { publicKey?: { content?: string } } } };
  return Buffer.from(spec?.signature?.publicKey?.content ?? "", "base64");
}
