// SPDX-License-Identifier: Apache-2.0
// Reads YAML, which includes JSON, from a file that an operator writes, and finds the line of a problem in it.

import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { describeProblem, type Place, type Problem } from "../../shared/identity/configuration/section.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** A document that was read. */
export interface Yaml {
  readonly value: unknown;
  /** Describes a problem with its line: `line 12: connectors[0].type must be …`. */
  readonly describe: (problem: Problem) => string;
}

/** Bounds the expansion of aliases: a few lines of nested aliases can expand to gigabytes. */
const MAX_ALIASES = 200;

/** Parses a text. Fails with a line for each problem. */
export function readYaml(text: string): Result<Yaml, readonly string[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const failed = document.errors.map(({ pos, message }) => `line ${lines.linePos(pos[0]).line}: ${message}`);
  if (failed.length > 0) return err(failed);
  const value = toValue(() => document.toJS({ maxAliasCount: MAX_ALIASES }));
  if (!value.ok) return err([value.error]);
  const describe = (problem: Problem): string => {
    const { line } = lines.linePos(offsetOf(document, problem.place));
    return `line ${line}: ${describeProblem(problem)}`;
  };
  return ok({ value: value.value, describe });
}

function toValue(read: () => unknown): Result<unknown, string> {
  try {
    return ok(read());
  } catch (error) {
    return err(error instanceof Error ? error.message : "cannot be parsed");
  }
}

/** The offset of a place in the text: its key or item, or the nearest one above it that exists. */
function offsetOf(document: Document, place: Place): number {
  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of place) {
    node = resolve(node);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => textOf(resolve(key)) === String(step));
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = startOf(node) ?? offset;
    } else {
      break;
    }
  }
  return offset;
}

const textOf = (key: unknown): string | null => (isScalar(key) ? String(key.value) : null);

function startOf(node: unknown): number | null {
  const range: unknown = typeof node === "object" && node !== null ? Reflect.get(node, "range") : null;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : null;
}
