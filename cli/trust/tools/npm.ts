// SPDX-License-Identifier: Apache-2.0

import { issuerOf, type Tool } from "./tool.ts";

/** The package `sigstore`, and libnpmpublish, which passes its options on to it. */
export const NPM: Tool = {
  about: "the npm package sigstore, and npm packages with their provenance",
  needsRekorV1: true,
  configure: (trust) => `// the options of sigstore.sign and attest, and of libnpmpublish with provenance: true
const signing = { fulcioURL: "${trust.url}", rekorURL: "${trust.rekorV1Url}" };
// the options of sigstore.verify
const verification = {
  tufMirrorURL: "${trust.url}/tuf",
  tufRootPath: "root.json",
  certificateIssuer: "${issuerOf(trust)}",
  certificateIdentityEmail: "IDENTITY",
};
`,
};
