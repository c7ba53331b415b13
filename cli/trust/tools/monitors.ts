// SPDX-License-Identifier: Apache-2.0
// Sigstore's own monitors. docs/integrations/monitors.md has their configuration.

import type { Trust } from "../files.ts";
import type { Tool } from "./tool.ts";

const trustOf = ({ url }: Trust): string => `--tuf-repository ${url}/tuf --tuf-root-path root.json`;

export const REKOR_MONITOR: Tool = {
  about: "watch the log of Rekor v1 (Sigstore's own monitor)",
  needsRekorV1: true,
  configure: (trust) =>
    `rekor_monitor --url ${trust.rekorV1Url} ${trustOf(trust)} --config-file CONFIG.yaml --file rekor-v1.txt\n`,
};

export const CT_MONITOR: Tool = {
  about: "watch the certificates (Sigstore's own monitor)",
  configure: (trust) => `# in CONFIG.yaml: ctShards: ["${trust.url}/ct"]
ct_monitor --url ${trust.url}/ct ${trustOf(trust)} --config-file CONFIG.yaml --file ct.txt
`,
};
