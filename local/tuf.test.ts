// SPDX-License-Identifier: Apache-2.0

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openKeys } from "../cli/keys/keys.ts";
import { parsePublicUrl } from "../shared/http/public-url.ts";
import { unixMs } from "../shared/time.ts";
import { type OfflineRepository, openOffline, type TrustFile } from "../shared/tuf/trust-file.ts";
import { valueOf } from "../test/support/value-of.ts";
import { openLocalTufSettings } from "./tuf.ts";

const NOW = Date.parse("2026-11-23T10:20:30Z");
const YEAR_MS = 365 * 86_400_000;
const PUBLIC_URL = valueOf(parsePublicUrl("http://localhost:8787"));

let state: string;
let settings: Readonly<Record<string, string>>;

beforeAll(() => {
  state = mkdtempSync(join(tmpdir(), "sigedge-local-tuf-"));
  settings = valueOf(openKeys(state, PUBLIC_URL, unixMs(NOW)));
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

function start(
  at: number,
  others: Readonly<Record<string, string>> = {},
): OfflineRepository & { readonly key: string } {
  const deployment = { state, publicUrl: PUBLIC_URL, settings: { ...settings, ...others }, now: unixMs(at) };
  const { TUF_KEY = "", TRUST_FILE = "" } = valueOf(openLocalTufSettings(deployment));
  const texts = (JSON.parse(TRUST_FILE) as TrustFile)[PUBLIC_URL.href];
  if (texts === undefined) throw new Error("no repository");
  return { ...valueOf(openOffline(texts)), key: TUF_KEY };
}
const versions = ({ root, targets }: OfflineRepository): readonly number[] => [
  root.signed.version,
  targets.signed.version,
];

it("is created by the first start and stays the same", () => {
  const first = start(NOW);
  expect(versions(first)).toEqual([1, 1]);
  expect(Object.keys(first.texts.files).toSorted()).toEqual([
    "ctfe.pub",
    "fulcio_intermediate_v1.crt.pem",
    "fulcio_v1.crt.pem",
    "rekor.pub",
    "signing_config.v0.2.json",
    "signing_config_rekor_v2.v0.2.json",
    "trusted_root.json",
    "tsa_leaf.crt.pem",
    "tsa_root.crt.pem",
  ]);
  expect(start(NOW + 1000)).toEqual(first);
  const folder = join(state, "tuf");
  const keyFiles = readdirSync(folder).filter((file) => file.endsWith(".key.pem"));
  expect(keyFiles.map((file) => statSync(join(folder, file)).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
});

it("signs new targets after a change of settings", () => {
  const before = start(NOW);
  const changed = start(NOW, { OTHER_CA_CHAINS: settings["TSA_CHAIN"] ?? "" });
  expect(versions(changed)).toEqual([1, 2]);
  expect(changed.texts.files["trusted_root.json"]).not.toBe(before.texts.files["trusted_root.json"]);
  expect(versions(start(NOW))).toEqual([1, 3]);
});

it("is extended in the second half of its lifetime", () => {
  expect(versions(start(NOW + YEAR_MS / 2 - 60_000))).toEqual([1, 3]);
  const extended = start(NOW + YEAR_MS / 2 + 60_000);
  expect(versions(extended)).toEqual([2, 4]);
  expect(Date.parse(extended.root.signed.expires)).toBe(NOW + 1.5 * YEAR_MS + 60_000);
});
