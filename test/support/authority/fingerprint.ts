// SPDX-License-Identifier: Apache-2.0
// The name of a key in RETIRED_KEYS, computed without the code under test.

import { createHash, createPublicKey } from "node:crypto";

/** SHA-256 of the SubjectPublicKeyInfo of a PEM's first certificate, public or private key, in lower-case hex. */
export const spkiSha256 = (pem: string): string =>
  createHash("sha256")
    .update(createPublicKey(pem).export({ type: "spki", format: "der" }))
    .digest("hex");
