// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { encodeBase64 } from "../bytes/base64.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { EMPTY_ROOT } from "./hash.ts";

describe("parseCheckpoint", () => {
  const root = encodeBase64(EMPTY_ROOT);
  it.each([
    [`\n1\n${root}\n`, "origin"],
    [`log\n01\n${root}\n`, "size"],
    [`log\n+1\n${root}\n`, "size"],
    [`log\n0x1\n${root}\n`, "size"],
    [`log\n\n${root}\n`, "size"],
    [`log\n9007199254740992\n${root}\n`, "size"],
    [`log\n1\n${root.slice(4)}\n`, "root"],
    [`log\n1\n`, "root"],
    [`log\n1\n${root}`, "extension"],
    [`log\n1\n${root}\n\n\n`, "extension"],
  ])("rejects %j", (text, line) => {
    expect(parseCheckpoint(text)).toEqual({ ok: false, error: { code: "checkpoint_invalid", line } });
  });
  it("keeps extension lines", () => {
    const parsed = parseCheckpoint(`log\n9007199254740991\n${root}\nLog frozen\n`);
    expect(parsed.ok && parsed.value.extensions).toEqual(["Log frozen"]);
    expect(parsed.ok && parsed.value.treeSize).toBe(Number.MAX_SAFE_INTEGER);
  });
});
