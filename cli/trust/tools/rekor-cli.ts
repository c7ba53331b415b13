// SPDX-License-Identifier: Apache-2.0

import type { Tool } from "./tool.ts";

export const REKOR_CLI: Tool = {
  about: "look up, verify and upload entries of a log of Rekor v1",
  needsRekorV1: true,
  configure: ({ rekorV1Url }) => `export REKOR_REKOR_SERVER=${rekorV1Url}
rekor-cli loginfo
rekor-cli search --email IDENTITY
rekor-cli verify --artifact FILE --signature FILE.sig --public-key FILE.pem --pki-format x509
# rekor-cli trusts the key that the log itself serves; compare it with rekor-v1.pub:
curl -s ${rekorV1Url}/api/v1/log/publicKey | diff - rekor-v1.pub
`,
};
