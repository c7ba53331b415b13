// SPDX-License-Identifier: Apache-2.0

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { VERIFY } from "./command.ts";

const VECTORS = join(import.meta.dirname, "../../test/vectors/sigstore-rust");
const FOLDER = mkdtempSync(join(tmpdir(), "sigedge-verify-"));
const FILE = join(FOLDER, "file.txt");

beforeAll(() => writeFileSync(FILE, "test content for cosign\n"));
afterAll(() => rmSync(FOLDER, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());

const bundle = (name: string): readonly string[] => ["--bundle", join(VECTORS, "bundles", name)];
const trust = (name: string): readonly string[] => ["--trusted-root", join(VECTORS, "trusted-roots", name)];
const BY = ["--identity", "w.vollprecht@gmail.com", "--issuer", "https://github.com/login/oauth"];
const GOOD = [FILE, ...bundle("cosign-v3-blob.json"), ...BY, ...trust("public-good.json")];
const replace = (from: string, to: string): readonly string[] => GOOD.map((word) => (word === from ? to : word));

/** Runs the command; returns its exit code and everything that it printed. */
async function run(args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  let text = "";
  const take = (chunk: unknown): boolean => {
    text += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(take);
  vi.spyOn(process.stderr, "write").mockImplementation(take);
  return { code: await VERIFY.execute(args), text };
}

test("a good bundle prints every comparison and the signer", async () => {
  const { code, text } = await run(GOOD);
  expect(text).toContain("w.vollprecht@gmail.com");
  expect(text).toMatch(/good.*: .*file\.txt was signed by/);
  expect(text.match(/^.{0,9}passed/gm)?.length).toBe(13);
  expect(code).toBe(0);
});

test("a digest stands for the file", async () => {
  const digest = "sha256:e194b99df6639501325c5f44da79fe3a8efae6f239bd79443a19787e06fb1764";
  expect((await run(replace(FILE, digest))).code).toBe(0);
});

test("--json prints one object with the checks", async () => {
  const { code, text } = await run([...replace("w.vollprecht@gmail.com", "mallory@example.com"), "--json"]);
  const report = JSON.parse(text) as {
    readonly checks: readonly { readonly name: string; readonly outcome: string }[];
  };
  expect(report).toMatchObject({ verdict: "bad", signer: { identities: ["w.vollprecht@gmail.com"] } });
  expect(report.checks.filter(({ outcome }) => outcome === "failed").map(({ name }) => name)).toEqual(["identity"]);
  expect(code).toBe(1);
});

test("a bundle of a bare key needs the key, and verifies with it", async () => {
  const artifact = "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";
  const rest = [artifact, ...bundle("managed-key.json"), ...trust("public-good.json")];
  expect((await run([...rest, "--key", join(VECTORS, "bundles/managed-key.pub")])).code).toBe(0);
  expect(await run([...rest, ...BY])).toMatchObject({ code: 2, text: expect.stringContaining("bare key") });
});

test.each<readonly [code: number, message: string, args: readonly string[]]>([
  [1, "the bundle is not usable JSON", replace(GOOD[2] ?? "", FILE)],
  [2, "there is no bundle", [FILE, ...BY, ...trust("public-good.json")]],
  [2, "there is no file", replace(FILE, "nowhere")],
  [2, "is not a digest", replace(FILE, "sha256:00")],
  [2, "name the expected signer", GOOD.filter((word) => !BY.includes(word))],
  [2, "choose where the trusted root comes from", GOOD.slice(0, -2)],
  [2, "choose where the trusted root comes from", [...GOOD, "--url", "https://sign.example.com"]],
  [2, "not both", [...GOOD, "--key", FILE]],
  [2, "is not the key of a witness", [...GOOD, "--witness", "w"]],
  [2, "is not usable JSON", replace(GOOD.at(-1) ?? "", FILE)],
])("exits with %i: %s", async (code, message, args) => {
  expect(await run(args)).toEqual({ code, text: expect.stringContaining(message) });
});
