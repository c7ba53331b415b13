// SPDX-License-Identifier: Apache-2.0
// Checks every import against the table in layers.ts: no file imports from a row above its own, separate paths do not
// import one another, shared/ imports no platform, and there is no cycle. Imports of types count. Prints one line per
// violation.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { ROOT } from "../cli/root.ts";
import { LAYERS, NATIVES } from "./layers.ts";

type Graph = ReadonlyMap<string, readonly string[]>;

/** The specifier of an import, export … from, or import(). Biome keeps declarations at the start of a line. */
const IMPORT = /(?:^(?:import|export)\b[^;"]*?\bfrom\s*|^import\s*|\bimport\(\s*)"([^"]+)"/gm;
const TEST = /\.test\.ts$/;

const files = String(
  execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT }),
)
  .split("\0")
  .filter((path) => /\.(?:ts|mjs)$/.test(path));
const natives = importsMap();
const graph: Graph = new Map(files.map((path) => [path, importsOf(path)]));

/** The `imports` of package.json: specifier → file. */
function importsMap(): Readonly<Record<string, string>> {
  const { imports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return Object.fromEntries(
    Object.entries(imports).map(([name, target]) => [name, String(Object(target).default ?? target)]),
  );
}

/** Paths of the repository, and the specifiers of everything else. */
function importsOf(path: string): readonly string[] {
  const source = readFileSync(join(ROOT, path), "utf8");
  return [...source.matchAll(IMPORT)].map(([, specifier = ""]) => {
    const native = natives[specifier];
    if (native !== undefined) return posix.normalize(native);
    return specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier;
  });
}

interface Place {
  readonly row: number;
  readonly prefix: string;
}

/** Null for a file outside the table. */
function placeOf(path: string): Place | null {
  if (TEST.test(path)) return { row: LAYERS.length - 1, prefix: "" };
  const places = LAYERS.flatMap(({ paths }, row) =>
    paths.filter((prefix) => path.startsWith(prefix)).map((prefix) => ({ row, prefix })),
  );
  return places.toSorted((a, b) => b.prefix.length - a.prefix.length)[0] ?? null;
}

/** Null if the import is allowed. */
const problemOf = (from: string, to: string): string | null => platformProblem(from, to) ?? layerProblem(from, to);

function platformProblem(from: string, to: string): string | null {
  if (!from.startsWith("shared/") || TEST.test(from)) return null;
  const isNative = NATIVES.some((folder) => from.startsWith(folder));
  const isPlatform = to.startsWith("cloudflare:") || (to.startsWith("node:") && !isNative);
  return isPlatform ? `imports ${to}: shared/ knows no platform` : null;
}

function layerProblem(from: string, to: string): string | null {
  const [place, target] = [placeOf(from), graph.has(to) ? placeOf(to) : null];
  if (place === null) return "is in no row of tools/layers.ts";
  if (target === null) return null;
  if (target.row > place.row) return `imports ${to}: ${nameOf(place)} may not import ${nameOf(target)}`;
  const isSibling = target.row === place.row && target.prefix !== place.prefix;
  return isSibling && LAYERS[place.row]?.areSeparate === true
    ? `imports ${to}: ${nameOf(place)} may not import one another`
    : null;
}

const nameOf = ({ row }: Place): string => LAYERS[row]?.name ?? "";

/** Each cycle once, as the path that closes it. */
function cyclesIn(edges: Graph): readonly string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) found.push([...above.slice(above.indexOf(path)), path].join(" → "));
    if (done.has(path) || above.includes(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...above, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

const problems = [
  ...[...graph].flatMap(([from, imports]) =>
    imports.flatMap((to) => {
      const problem = problemOf(from, to);
      return problem === null ? [] : [`${from} ${problem}`];
    }),
  ),
  ...cyclesIn(graph).map((cycle) => `cycle: ${cycle}`),
];
for (const problem of problems) process.stdout.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
