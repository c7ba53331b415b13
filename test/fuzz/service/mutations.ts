// SPDX-License-Identifier: Apache-2.0
// Changes of a request: a damaged body, other values in its JSON, what costs a parser most, and odd paths and headers.

import { isObject } from "../../../shared/json/member.ts";
import type { Random } from "../../faults/random.ts";
import { TEXTS, VALUES } from "../ca/mutations.ts";
import type { FuzzedRoute } from "./routes.ts";

/** A request to send. */
export interface Draft {
  /** The declared route. */
  readonly row: FuzzedRoute;
  method: string;
  /** The path of the valid request, without a query. */
  readonly declaredPath: string;
  path: string;
  readonly headers: Record<string, string>;
  body: Uint8Array | null;
  /** The limit of the route's body; null if it reads none. */
  readonly maxBodyBytes: number | null;
}

type Mutation = (draft: Draft, random: Random) => void;

/** Texts that make a parser work or hold memory, as long as `bytes`. */
const EXPENSIVE: readonly ((bytes: number) => string)[] = [
  (bytes) => "[".repeat(bytes),
  (bytes) => `${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}`,
  (bytes) => `{"a":[${"{},".repeat((bytes - 10) / 3)}{}]}`,
  (bytes) => `[${'"",'.repeat((bytes - 4) / 3)}""]`,
  (bytes) => `{${Array.from({ length: Math.floor(bytes / 12) }, (_, i) => `"${i}":0`).join()}}`,
  (bytes) => `{"a":"${String.raw`\"`.repeat((bytes - 10) / 2)}"}`,
  (bytes) => `{"a":"${String.raw`\u0041`.repeat((bytes - 10) / 6)}"}`,
  (bytes) => `{"a":"${String.raw`\ud834\udd1e`.repeat((bytes - 10) / 12)}"}`,
  (bytes) => `{"${String.raw`\u0041`.repeat((bytes - 10) / 6)}":1}`,
  (bytes) => `{"a":"${"\u2014 o".repeat((bytes - 10) / 5)}"}`,
  (bytes) =>
    `{${Array.from({ length: bytes / 10_300 }, (_, i) => `"${i}${String.raw`\u0041`.repeat(1700)}":1`).join()}}`,
  (bytes) => `"${"\\".repeat(bytes - 2)}"`,
  (bytes) => " ".repeat(bytes),
  (bytes) => "1".repeat(bytes),
  (bytes) => `{"dsseRequestV002":{"envelope":{"payload":"${"A".repeat(bytes - 100)}"}}}`,
  (bytes) => `{"dsseRequestV002":{"envelope":{"payload":"${String.raw`\u0041`.repeat((bytes - 100) / 6)}"}}}`,
  (bytes) => `{"hashedRekordRequestV002":{"signature":{"content":"${"A".repeat(bytes - 100)}"}}}`,
  (bytes) => `{"certificateSigningRequest":"${"LS0tLS1CRUdJTiBB".repeat((bytes - 60) / 16)}"}`,
  (bytes) => `{"credentials":{"oidcIdentityToken":"${"a.".repeat((bytes - 60) / 2)}"}}`,
  (bytes) =>
    `{"publicKeyRequest":{"publicKey":{"content":"${String.raw`-----BEGIN A-----\n`.repeat((bytes - 80) / 19)}"}}}`,
  (bytes) => `{"chain":[${`"${"A".repeat(400)}",`.repeat((bytes - 20) / 403)}""]}`,
  (bytes) => `{"chain":["${Buffer.alloc((bytes - 40) * 0.74, 0x30).toString("base64")}"]}`,
  (bytes) => `old 0\n${"A\n".repeat((bytes - 6) / 2)}`,
  (bytes) => `old 0\n\no\n1\n${"A".repeat(43)}=\n\n${"— o AAAAAAAA\n".repeat((bytes - 64) / 15)}`,
  (bytes) => "0\u0082\u00ff".repeat(bytes / 5),
];

/** Making the texts costs as much as parsing them. */
const MADE = new Map<number, readonly Uint8Array[]>();

/** The texts that cost a parser most, with as many bytes as the route reads. Nobody writes to them. */
export function expensiveBodies(bytes: number): readonly Uint8Array[] {
  const bodies = MADE.get(bytes) ?? EXPENSIVE.map((make) => Buffer.from(make(bytes)).subarray(0, bytes));
  MADE.set(bytes, bodies);
  return bodies;
}

const text = (random: Random): string => random.pick(TEXTS);

function damaged(original: Uint8Array, random: Random): Uint8Array {
  const bytes = Buffer.from(original);
  const at = random.below(bytes.length + 1);
  const kind = random.below(5);
  if (kind === 0) return bytes.subarray(0, at);
  if (kind === 1) return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(8)), bytes.subarray(at)]);
  if (kind === 2) return Buffer.concat([bytes.subarray(0, at), Buffer.from(text(random)), bytes.subarray(at)]);
  if (kind === 3) return Buffer.concat([bytes, bytes]);
  if (bytes.length > 0) bytes[at % bytes.length] = random.below(256);
  return bytes;
}

/** Replaces, removes, repeats or adds one value somewhere in JSON. */
function changed(value: unknown, random: Random): unknown {
  if (random.chance(0.25)) return random.chance(0.5) ? text(random) : random.pick(VALUES);
  if (Array.isArray(value)) {
    if (random.chance(0.3)) return [...value, ...value];
    const at = random.below(Math.max(1, value.length));
    return value.map((inner: unknown, i) => (i === at ? changed(inner, random) : inner));
  }
  if (isObject(value)) {
    const names = Object.keys(value);
    const name = names.length === 0 || random.chance(0.15) ? text(random) : random.pick(names);
    const { [name]: old, ...rest } = value;
    return random.chance(0.15) ? rest : { ...rest, [name]: changed(old, random) };
  }
  if (typeof value !== "string") return random.pick(VALUES);
  return changedText(value, random);
}

function changedText(value: string, random: Random): string {
  const decoded = Buffer.from(value, "base64");
  if (decoded.length > 8 && random.chance(0.6)) return Buffer.from(damaged(decoded, random)).toString("base64");
  return Buffer.from(damaged(Buffer.from(value), random)).toString("latin1");
}

const inJson: Mutation = (draft, random) => {
  try {
    const json: unknown = JSON.parse(Buffer.from(draft.body ?? []).toString());
    draft.body = Buffer.from(JSON.stringify(changed(json, random)));
  } catch {
    draft.body = damaged(draft.body ?? new Uint8Array(0), random);
  }
};

const ON_BODIES: readonly Mutation[] = [
  inJson,
  inJson,
  inJson,
  (draft, random) => void (draft.body = damaged(draft.body ?? new Uint8Array(0), random)),
  (draft, random) => {
    const max = draft.maxBodyBytes ?? 1024;
    const length = random.pick([1024, 1024, 4096, 16_384, 65_536, max]);
    draft.body = random.pick(expensiveBodies(Math.min(max, length)));
  },
  (draft, random) => void (draft.body = random.bytes(random.below(2048))),
  (draft) => void (draft.body = new Uint8Array((draft.maxBodyBytes ?? 1024) + 1).fill(0x20)),
];

const ON_THE_REST: readonly Mutation[] = [
  (draft, random) => void (draft.method = random.pick(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])),
  (draft, random) => void (draft.path += random.pick(["/", "//", "?", "&", "%00", "%2f..", "/x", "?a=1&a=2", "#x"])),
  (draft, random) => void (draft.path += encodeURIComponent(text(random).toWellFormed())),
  (draft, random) => void (draft.path = draft.path.replace("/", random.pick(["//", "/./", "/%2e/", "/x/"]))),
  (draft, random) => void (draft.path += `${draft.path.includes("?") ? "&" : "?"}x=${"y".repeat(random.below(4096))}`),
  (draft, random) =>
    void (draft.headers["content-type"] = random.pick([
      "",
      "text/plain",
      "application/json",
      "a",
      "application/timestamp-query",
    ])),
  (draft, random) => void (draft.headers["accept-encoding"] = random.pick(["gzip", "identity", "gzip;q=0", "*", "br"])),
  (draft, random) =>
    void (draft.headers["range"] = random.pick(["bytes=0-0", "bytes=-5", "bytes=9-", "bytes=1-0", "x=1"])),
  (draft, random) => void (draft.headers["if-none-match"] = random.pick(["*", '"x"', 'W/"x"', '"'])),
  (draft, random) =>
    void (draft.headers["authorization"] = random.pick(["", "Bearer", "Bearer a.b.c", "bearer x", "Basic eA=="])),
  (draft, random) => void (draft.headers["x-request-id"] = random.pick(["x", "y".repeat(300), "a b", "{}"])),
  (draft, random) => void (draft.headers["origin"] = random.pick(["https://page.example", "null"])),
];

/** Applies none to three mutations: some requests stay valid, because these cost most. */
export function mutate(draft: Draft, random: Random): void {
  for (let i = random.below(4); i > 0; i--) {
    const hasBody = draft.maxBodyBytes !== null && random.chance(0.8);
    random.pick(hasBody ? ON_BODIES : ON_THE_REST)(draft, random);
  }
}
