// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Result } from "../../shared/result.ts";
import { encryptKey } from "../tuf/encrypted-key.ts";
import { checkPassphrase } from "./offline-keys.ts";

const KEYS = ["ca-root.key.pem", "tuf-root-1.key.pem"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-offline-"));
  mkdirSync(join(folder, "offline"));
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  for (const name of KEYS)
    writeFileSync(join(folder, "offline", name), encryptKey(privateKey, "correct horse battery"));
  writeFileSync(join(folder, "offline", "README.txt"), "not a key");
  writeFileSync(join(folder, "right"), "correct horse battery\n");
  writeFileSync(join(folder, "wrong"), "correct horse\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const check = (file: string, at = folder): Promise<Result<null, string>> =>
  checkPassphrase(
    { folder: at, name: "x", publicUrl: null, settings: {}, environment: null, shape: null },
    join(folder, file),
  );

it("accepts the passphrase of every key, and a folder that was moved offline", async () => {
  expect(await check("right")).toEqual({ ok: true, value: null });
  expect(await check("right", join(folder, "elsewhere"))).toEqual({ ok: true, value: null });
});

it("names each key that a passphrase does not open", async () => {
  const error = `the passphrase in ${join(folder, "wrong")} does not open ${KEYS.join(", ")}`;
  expect(await check("wrong")).toEqual({ ok: false, error });
});

it("names a damaged key", async () => {
  const label = "ENCRYPTED PRIVATE KEY-----";
  writeFileSync(join(folder, "offline", "tuf-root-1.key.pem"), `-----BEGIN ${label}\nMII=\n-----END ${label}\n`);
  const error = `the passphrase in ${join(folder, "right")} does not open tuf-root-1.key.pem`;
  expect(await check("right")).toEqual({ ok: false, error });
});
