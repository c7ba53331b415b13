// SPDX-License-Identifier: Apache-2.0
// Selectors as a configuration writes them.

import { describeProblem, type Problem, Section } from "../../../shared/identity/configuration/section.ts";
import { compileSelectors, type Selectors } from "../../../shared/monitor/selector.ts";
import type { SelectorConfig } from "../../../shared/monitor/selectors/config.ts";
import { readSelectors } from "../../../shared/monitor/selectors/read.ts";
import { valueOf } from "../value-of.ts";

/** Reads the list `watch`: selectors, and a line for each problem. */
function readWatch(watch: unknown): {
  readonly configs: readonly SelectorConfig[];
  readonly problems: readonly string[];
} {
  const problems: Problem[] = [];
  const configs = readSelectors(new Section(watch, ["watch"], problems));
  return { configs, problems: problems.map(describeProblem) };
}

/** Compiles the list `watch`. Throws if it has a problem. */
export function selectorsOf(...watch: readonly object[]): Selectors {
  const { configs, problems } = readWatch(watch.map((item, i) => Object.assign({ name: `s${i}` }, item)));
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return valueOf(compileSelectors(configs));
}
