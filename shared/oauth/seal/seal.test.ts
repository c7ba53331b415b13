// SPDX-License-Identifier: Apache-2.0

import { createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unixMs } from "../../time.ts";
import { createSealer } from "./seal.ts";
import { parseSealKeys, parseSubjectKey } from "./secrets.ts";

const ISSUER = "https://sign.example.com/oidc";
const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(length));
const secret = random(32);
const NOW = unixMs(1_800_000_000_000);
const LATER = unixMs(NOW + 600_000);
const sealer = createSealer([secret], ISSUER, random);
const BROKEN = { ok: false, error: { code: "seal_broken" } };

describe("a sealed value", () => {
  it("comes back as it was, until its time is over", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 2 }), async (value) => {
        const text = await sealer.seal("upstream", value, LATER);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        const copy: unknown = JSON.parse(JSON.stringify(value));
        expect(await sealer.open("upstream", text, NOW)).toEqual({ ok: true, value: copy });
        expect(await sealer.open("upstream", text, LATER)).toEqual({ ok: false, error: { code: "seal_expired" } });
      }),
      { numRuns: 50 },
    );
  });

  it("opens for its purpose, issuer and key only", async () => {
    const text = await sealer.seal("upstream", 1, LATER);
    for (const purpose of ["choose", "confirm", "remember"] as const)
      expect(await sealer.open(purpose, text, NOW)).toEqual(BROKEN);
    for (const other of [createSealer([random(32)], ISSUER, random), createSealer([secret], `${ISSUER}2`, random)])
      expect(await other.open("upstream", text, NOW)).toEqual(BROKEN);
  });

  it("opens under a former key of the list, and is sealed under the first", async () => {
    const text = await sealer.seal("upstream", 1, LATER);
    const rotated = createSealer([random(32), secret], ISSUER, random);
    expect(await rotated.open("upstream", text, NOW)).toEqual({ ok: true, value: 1 });
    expect(await sealer.open("upstream", await rotated.seal("upstream", 2, LATER), NOW)).toEqual(BROKEN);
  });

  it("opens after no change of any character", async () => {
    const text = await sealer.seal("upstream", { a: 1 }, LATER);
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
      expect(await sealer.open("upstream", changed, NOW)).toEqual(BROKEN);
    }
    for (const other of ["", "A", "!", `${text}A`, text.slice(4), "A".repeat(20_000)])
      expect(await sealer.open("upstream", other, NOW)).toEqual(BROKEN);
  });

  it("is AES-256-GCM under HKDF-SHA-256, as node:crypto computes them", async () => {
    const bytes = Buffer.from(await sealer.seal("confirm", "v", LATER), "base64url");
    const key = Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), "sigedge oidc seal", 32));
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from(`${ISSUER} 1 confirm`)).setAuthTag(bytes.subarray(-16));
    const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString();
    expect(JSON.parse(text)).toEqual([LATER / 1000, "v"]);
  });
});

describe("the secrets", () => {
  const word = Buffer.from(secret).toString("base64url");

  it.each([
    [word, 1],
    [` ${word}\n${word} `, 2],
  ])("are one or several: %j", (text, count) => {
    const keys = parseSealKeys(text);
    expect(keys.ok && keys.value).toHaveLength(count);
  });

  it.each(["", "x", `${word}=`, word.slice(1), `${word} x`, Array(5).fill(word).join(" ")])(
    "are refused: %j",
    (text) => {
      expect(parseSealKeys(text).ok).toBe(false);
      expect(parseSubjectKey(text).ok).toBe(false);
    },
  );
});
