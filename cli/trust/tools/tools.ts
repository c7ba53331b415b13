// SPDX-License-Identifier: Apache-2.0
// Every tool that `sigedge trust --for` knows, in the order in which it lists them.

import { COSIGN } from "./cosign.ts";
import { GITSIGN } from "./gitsign.ts";
import { CT_MONITOR, REKOR_MONITOR } from "./monitors.ts";
import { NPM } from "./npm.ts";
import { POLICY_CONTROLLER } from "./policy-controller.ts";
import { REKOR_CLI } from "./rekor-cli.ts";
import { SIGSTORE_GO, SIGSTORE_JS, SIGSTORE_PYTHON } from "./sigstore.ts";
import type { Tool } from "./tool.ts";

export const TOOLS = {
  cosign: COSIGN,
  "sigstore-python": SIGSTORE_PYTHON,
  "sigstore-js": SIGSTORE_JS,
  "sigstore-go": SIGSTORE_GO,
  gitsign: GITSIGN,
  "policy-controller": POLICY_CONTROLLER,
  "rekor-cli": REKOR_CLI,
  npm: NPM,
  rekor_monitor: REKOR_MONITOR,
  ct_monitor: CT_MONITOR,
} as const satisfies Readonly<Record<string, Tool>>;

export type ToolName = keyof typeof TOOLS;

export const TOOL_NAMES = Object.keys(TOOLS) as readonly ToolName[];
