// SPDX-License-Identifier: Apache-2.0
// Mutates the JSON of a bundle at one place, as numbers from a generator decide.

import type { BundleCase } from "./cases.ts";

/** Numbers that decide a mutation. Each is taken modulo the number of choices. */
export interface Mutation {
  readonly from: number;
  readonly other: number;
  readonly place: number;
  readonly operation: number;
  readonly detail: number;
}

type Container = Record<string, unknown>;

/** A member of an object or an item of a list. */
interface Place {
  readonly holder: Container;
  readonly name: string;
  readonly path: string;
}

/** Returns the case with its changed bundle. `description` names the case, the place and the operation. */
export function mutate(
  { from, other, place, operation, detail }: Mutation,
  cases: readonly BundleCase[],
): { readonly changed: BundleCase; readonly description: string } {
  const one = pick(cases, from);
  const json: unknown = JSON.parse(Buffer.from(one.bundle).toString());
  const donor: unknown = JSON.parse(Buffer.from(pick(cases, other).bundle).toString());
  const { holder, name, path } = pick(placesOf(json), place);
  const donated = placesOf(donor).find((candidate) => candidate.path === path);
  const [label, apply] = pick(operationsFor(holder[name], donated?.holder[donated.name]), operation);
  apply(holder, name, detail);
  const description = `${one.name} ${path} ${label} ${detail}`;
  return { changed: { ...one, bundle: Buffer.from(JSON.stringify(json)) }, description };
}

function pick<T>(list: readonly T[], number: number): T {
  const item = list[number % list.length];
  if (item === undefined) throw new Error("nothing to choose from");
  return item;
}

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null;

function placesOf(value: unknown): readonly Place[] {
  const places: Place[] = [];
  const visit = (holder: unknown, path: string): void => {
    if (!isContainer(holder)) return;
    for (const name of Object.keys(holder)) {
      places.push({ holder, name, path: `${path}.${name}` });
      visit(holder[name], `${path}.${name}`);
    }
  };
  visit(value, "");
  return places;
}

type Operation = readonly [label: string, apply: (holder: Container, name: string, detail: number) => void];

function operationsFor(value: unknown, donated: unknown): readonly Operation[] {
  const common: Operation[] = [["removed", remove]];
  if (donated !== undefined)
    common.push(["taken from another bundle", (holder, name) => void (holder[name] = donated)]);
  if (Array.isArray(value)) return [...common, ["first item repeated", copyFirst]];
  if (typeof value !== "string") return common;
  if (/^\d+$/.test(value))
    return [...common, ["increased by one", (holder, name) => void (holder[name] = String(Number(value) + 1))]];
  return [
    ...common,
    ["character changed", changeCharacter],
    ["bit flipped", changeBit],
    ["bit flipped", changeBit],
    ["shortened", shorten],
  ];
}

function remove(holder: Container, name: string): void {
  if (Array.isArray(holder)) holder.splice(Number(name), 1);
  else delete holder[name];
}

function copyFirst(holder: Container, name: string): void {
  const list = holder[name];
  if (Array.isArray(list) && list.length > 0) list.push(structuredClone(list[0]));
}

function changeCharacter(holder: Container, name: string, detail: number): void {
  const text = String(holder[name]);
  const at = detail % Math.max(1, text.length);
  const replacement = text[at] === "A" ? "B" : "A";
  holder[name] = `${text.slice(0, at)}${replacement}${text.slice(at + 1)}`;
}

function changeBit(holder: Container, name: string, detail: number): void {
  const bytes = Buffer.from(String(holder[name]), "base64");
  const at = detail % Math.max(1, bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (Math.floor(detail / 7) % 8));
  holder[name] = bytes.toString("base64");
}

function shorten(holder: Container, name: string): void {
  holder[name] = String(holder[name]).slice(0, -4);
}
