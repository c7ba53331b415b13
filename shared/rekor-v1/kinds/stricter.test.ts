// SPDX-License-Identifier: Apache-2.0
// Entries that the reference logs and this log does not: what they say would be misleading, or costs too much.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { signingKey } from "../../../test/support/authority/signing-keys.ts";
import { signWithMinisign } from "../../../test/support/logs/rekor-v1-files.ts";
import { parseProposedEntry } from "../entry.ts";

interface RekordSpec {
  readonly data: { readonly content: string };
  readonly signature: { readonly content: string; readonly format: string; readonly publicKey: { content: string } };
}

interface Row {
  readonly name: string;
  readonly proposed: { readonly spec: RekordSpec & { readonly tsr: { readonly content: string } } };
}

const ROWS = JSON.parse(readFileSync("test/vectors/rekor-v1/files.json", "utf8")) as readonly Row[];

function specOf(name: string): Row["proposed"]["spec"] {
  const row = ROWS.find((one) => one.name === name);
  if (row === undefined) throw new Error(`no row ${name}`);
  return row.proposed.spec;
}

async function reasonOf(kind: string, spec: object): Promise<string | null> {
  const entry = parseProposedEntry({ kind, apiVersion: "0.0.1", spec });
  const verdict = entry.ok ? await entry.value.verify() : entry;
  return verdict.ok ? null : verdict.error.reason;
}

const decode = (base64: string): Buffer => Buffer.from(base64, "base64");

describe("a signature of ssh", () => {
  it("is rejected if it names another key than the entry", async () => {
    const [signed, another] = [specOf("ssh ed25519"), specOf("ssh another key")];
    const armor = decode(signed.signature.content).toString();
    const [, base64 = ""] = /-----\n([\s\S]+)\n-----/.exec(armor) ?? [];
    // The key's 32 bytes are at the end of the blob that follows the magic and the version.
    const bytes = decode(base64);
    const line = decode(another.signature.publicKey.content).toString();
    decode(line.split(" ")[1] ?? "").copy(bytes, 6 + 4 + 4);
    const content = Buffer.from(armor.replace(base64, bytes.toString("base64"))).toString("base64");
    expect(await reasonOf("rekord", { ...signed, signature: { ...signed.signature, content } })).toBe(
      "ssh: the signature names another key",
    );
  });
});

describe("a signature of minisign", () => {
  const { privateObject, publicObject } = signingKey("ed25519");
  const sign = (file: string): RekordSpec => {
    const { key, signature } = signWithMinisign({ privateKey: privateObject, publicKey: publicObject }, file, "ED");
    const [content, publicKey] = [signature, key].map((text) => Buffer.from(text).toString("base64"));
    return {
      data: { content: Buffer.from(file).toString("base64") },
      signature: { format: "minisign", content: content ?? "", publicKey: { content: publicKey ?? "" } },
    };
  };

  it("is rejected if it names another key than the entry, which may be the same with another ID", async () => {
    const [one, other] = [sign("a file"), sign("a file")];
    const { publicKey } = other.signature;
    expect(await reasonOf("rekord", { ...one, signature: { ...one.signature, publicKey } })).toBe(
      "invalid signature provided: it names another key",
    );
  });

  it("is rejected if 16 KiB and a byte must be hashed", async () => {
    expect(await reasonOf("rekord", sign("x".repeat(16 * 1024)))).toBeNull();
    expect(await reasonOf("rekord", sign("x".repeat(16 * 1024 + 1)))).toBe(
      "minisign: this log takes files up to 16384 bytes; sign a larger one with -l",
    );
  });
});

describe("a timestamp response", () => {
  const tsr = decode(specOf("rfc3161 P-256").tsr.content);
  /** The response with another PKIStatusInfo. */
  function withStatus(...contents: readonly number[]): object {
    const status = Buffer.from([0x30, contents.length, ...contents]);
    const token = tsr.subarray(4 + 2 + (tsr[5] ?? 0));
    const length = Buffer.alloc(2);
    length.writeUInt16BE(status.length + token.length);
    return { tsr: { content: Buffer.concat([Buffer.from([0x30, 0x82]), length, status, token]).toString("base64") } };
  }

  it("may have a text beside its status, but no failure bits", async () => {
    expect(await reasonOf("rfc3161", withStatus(2, 1, 0))).toBeNull();
    expect(await reasonOf("rfc3161", withStatus(2, 1, 1, 0x30, 4, 0x0c, 2, 0x4f, 0x4b))).toBeNull();
    expect(await reasonOf("rfc3161", withStatus(2, 1, 0, 3, 2, 7, 0x80))).toContain("failure bits");
  });
});
