// SPDX-License-Identifier: Apache-2.0
// A deployment's folder to run `sigedge rotate` on, in this process.

import { createPrivateKey } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { createDeployment } from "../../../cli/deployment/create.ts";
import { readDeployment, workerSettings } from "../../../cli/deployment/deployment.ts";
import { readTrust } from "../../../cli/deployment/trust-root.ts";
import { ROTATE } from "../../../cli/rotate/command.ts";
import { parsePublicUrl } from "../../../shared/http/public-url.ts";
import { valueOf } from "../value-of.ts";

/** Opens the offline keys of every copy. */
export const PASSPHRASE = "correct horse battery staple";

const PUBLIC_URL = valueOf(parsePublicUrl("https://sign.example.com"));

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** A deployment that is as new, and copies of it. */
export interface RotatingDeployments {
  /** The folder of the original. */
  readonly fresh: string;
  /** Copies the original into a new folder. */
  readonly copy: () => string;
  readonly remove: () => void;
}

/** The documents of a deployment that clients fetch. */
export interface SignedDocuments {
  /** By name: every target of the TUF repository. */
  readonly files: Readonly<Record<string, string>>;
  /** The trusted root. */
  readonly root: Readonly<Record<string, readonly unknown[]>>;
}

/** Reads the documents that a copy has signed. */
export function readSigned(folder: string): SignedDocuments {
  const { files } = valueOf(readTrust(folder, PUBLIC_URL));
  return { files, root: JSON.parse(files["trusted_root.json"] ?? "") as SignedDocuments["root"] };
}

/** Creates a deployment whose offline keys are quick to open. */
export async function createRotatingDeployments(): Promise<RotatingDeployments> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-rotate-"));
  const fresh = join(folder, "fresh");
  const wanted = {
    folder: fresh,
    name: "test",
    publicUrl: PUBLIC_URL,
    issuers: "none",
    passphrase: PASSPHRASE,
  } as const;
  valueOf(await createDeployment(wanted));
  cheapen(join(fresh, "offline"));
  return {
    fresh,
    copy: () => {
      const copy = mkdtempSync(join(folder, "d-"));
      cpSync(fresh, copy, { recursive: true, preserveTimestamps: true });
      return copy;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Encrypts the keys again with a cheap key derivation: the tests open them a hundred times. */
function cheapen(offline: string): void {
  for (const name of readdirSync(offline).filter((file) => file.endsWith(".key.pem"))) {
    const path = join(offline, name);
    const key = createPrivateKey({ key: readFileSync(path, "utf8"), passphrase: PASSPHRASE });
    const pem = key.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: PASSPHRASE });
    writeFileSync(path, pem);
  }
}

/** Runs `sigedge rotate` on a folder. */
export async function runRotate(folder: string, ...args: readonly string[]): Promise<Ended> {
  const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const error = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const code = await ROTATE.execute([...args, "--dir", folder]);
  const text = (calls: readonly (readonly unknown[])[]): string => calls.map(([first]) => String(first)).join("");
  const ended = { code, out: text(out.mock.calls), error: text(error.mock.calls) };
  out.mockRestore();
  error.mockRestore();
  return ended;
}

/** The variables that the services of a folder get. */
export const variablesOf = (folder: string): Readonly<Record<string, string>> =>
  valueOf(workerSettings(valueOf(readDeployment(folder)) ?? expect.fail("no deployment"))).vars;
