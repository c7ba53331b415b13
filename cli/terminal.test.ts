// SPDX-License-Identifier: Apache-2.0

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { ROOT } from "./root.ts";

test.each(["--help", "verify --help", "trust --help"])(
  "ends quietly, and not with 0, where nobody reads: %s",
  (args) => {
    const script = `"$0" cli/sigedge.mjs ${args} | true; exit "\${PIPESTATUS[0]}"`;
    const { status, stderr } = spawnSync("bash", ["-c", script, process.execPath], { cwd: ROOT, encoding: "utf8" });
    expect([status, stderr]).toEqual([141, ""]);
  },
);
