// SPDX-License-Identifier: Apache-2.0
// The table of the formats of keys and signatures. A file of this folder is one format.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/pki/factory.go

import type { PkiFormat } from "./format.ts";
import { MINISIGN } from "./minisign.ts";
import { SSH } from "./ssh.ts";
import { X509 } from "./x509.ts";

const FORMATS: ReadonlyMap<string, PkiFormat> = new Map([
  ["minisign", MINISIGN],
  ["ssh", SSH],
  ["x509", X509],
]);

/** A format that the log takes; null for any other name. */
export const findFormat = (name: string): PkiFormat | null => FORMATS.get(name) ?? null;
