// SPDX-License-Identifier: Apache-2.0
// Checks a service after hostile requests: every log accepts an entry, and an audit finds nothing wrong with any.

import { join } from "node:path";
import { artifactRequest, clientKey, postEntry } from "../../support/logs/log-client.ts";
import { runCommand } from "../../support/process/command.ts";
import type { FuzzedStack } from "./fuzzed-stack.ts";
import { makeMaterial } from "./requests.ts";

/** Throws if a log takes no entry or an audit finds anything. Returns what the audits print. */
export async function checkAftermath({ stack, witnessed }: FuzzedStack): Promise<readonly string[]> {
  // Makes a certificate and an entry of Rekor v1, which are in their logs before they are answered.
  const { key } = await makeMaterial(stack, witnessed, "aftermath@example.com");
  await postEntry(stack.url, artifactRequest(clientKey(), "after the fuzzer"));
  await postEntry(stack.url, artifactRequest(key, "after the fuzzer"));
  const audits: string[] = [];
  for (const [name, path, log] of [
    ["signature", "", []],
    ["certificate", "", ["--ct"]],
    ["rekor-v1", "/rekor-v1", []],
  ] as const) {
    const args = ["audit", `${stack.url}${path}`, ...log, "--state", join(stack.state, `fuzz-${name}.json`)];
    const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args, env: { NO_COLOR: "1" } }).ended;
    if (code !== 0) throw new Error(`the audit of the ${name} log ended with ${code}: ${stdout}${stderr}`);
    audits.push(stdout);
  }
  return audits;
}
