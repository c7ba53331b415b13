// SPDX-License-Identifier: Apache-2.0
// Reads the configuration of a monitor: our own form, or that of rekor-monitor, which has a member `monitoredValues`
// or one of its notification sections.

import { type Problem, Section } from "../../../shared/identity/configuration/section.ts";
import { isObject } from "../../../shared/json/member.ts";
import { type LintFinding, lintConfig } from "../../../shared/monitor/lint.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { readYaml } from "../../deployment/yaml-file.ts";
import type { MonitorConfig } from "./config.ts";
import { readOwnForm } from "./own-form.ts";
import { isRekorMonitorForm, readRekorMonitorForm } from "./rekor-monitor.ts";
import type { Environment } from "./values.ts";

/** A problem with its line and place, and what to write instead. */
export type ConfigProblem = string;

/** Some thousand selectors. The YAML of as many characters takes seconds to parse. */
const MAX_CONFIG_CHARS = 2 ** 19;
/** A person mends a few at a time. */
const MAX_PROBLEMS = 50;

/**
 * Reads the text of a configuration. Fails with every problem, up to 50.
 * @param environment values of `env:NAME`; null to check the text alone, where every name counts as set
 */
export function readMonitorConfig(
  text: string,
  environment: Environment | null,
): Result<MonitorConfig, readonly ConfigProblem[]> {
  if (text.length > MAX_CONFIG_CHARS)
    return err([`has ${text.length} characters; at most ${MAX_CONFIG_CHARS} are read`]);
  const yaml = readYaml(text);
  if (!yaml.ok) return err(yaml.error.slice(0, MAX_PROBLEMS));
  const { value, describe } = yaml.value;
  if (!isObject(value))
    return err(["line 1: must be a mapping with the member watch: see docs/monitoring-configuration.md"]);
  const problems: Problem[] = [];
  const section = new Section(value, [], problems);
  const config = isRekorMonitorForm(value)
    ? readRekorMonitorForm(section, environment)
    : readOwnForm(section, environment);
  if (problems.length > 0) return err(problems.slice(0, MAX_PROBLEMS).map(describe));
  return lintSelectors(config);
}

/**
 * Refuses selectors that can match nothing, and patterns that strangers can fit. A configuration of rekor-monitor loads
 * as it is: there, both are warnings.
 */
function lintSelectors(config: MonitorConfig): Result<MonitorConfig, readonly ConfigProblem[]> {
  const findings = lintConfig(config.selectors);
  const isWrong = ({ level }: LintFinding): boolean => level === "error" && config.rekorMonitor === null;
  const wrong = findings.filter(isWrong).map(toLine);
  if (wrong.length > 0) return err(wrong.slice(0, MAX_PROBLEMS));
  return ok({ ...config, warnings: [...config.warnings, ...findings.map(toLine)] });
}

const toLine = ({ selector, message }: LintFinding): string => `watch "${selector}": ${message}`;
