// SPDX-License-Identifier: Apache-2.0

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../cli/root.ts";
import { applyMutation, readMutations } from "./mutations.ts";

describe("every mutation", () => {
  it.each(readMutations(ROOT))("applies to the sources, each hunk exactly once: $name", (mutation) => {
    const applied = applyMutation(mutation, ROOT);
    expect(applied.ok ? [] : applied.error).toEqual([]);
    expect(mutation.tests.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
