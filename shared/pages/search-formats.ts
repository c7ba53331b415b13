// SPDX-License-Identifier: Apache-2.0
// The forms of a search's answer: JSON, CSV (RFC 4180) and an Atom feed (RFC 4287), all of the same page.

import { escapeHtml } from "../http/markup.ts";
import { choosePreferred } from "../http/negotiation.ts";
import type { SearchAnswer, SearchHit } from "../search/answer.ts";
import { ANSWER_FORMATS, type AnswerFormat } from "../search/parameters.ts";
import { unreachable } from "../unreachable.ts";

/** An answer in one form. */
export interface Rendered {
  readonly body: string;
  readonly contentType: string;
}

/** The parts of an answer's own address. */
export interface AnswerAddress {
  /** The deployment's. */
  readonly origin: string;
  readonly query: URLSearchParams;
}

/** The media type of each form. */
export const FORMAT_TYPES: Readonly<Record<AnswerFormat, string>> = {
  json: "application/json",
  csv: "text/csv",
  atom: "application/atom+xml",
};

/** The form that is asked for: by `format=`, or else by the Accept header. Null if `format` is none. */
export function chooseFormat(format: string | null, request: Request): AnswerFormat | null {
  if (format !== null) return ANSWER_FORMATS.find((one) => one === format) ?? null;
  const preferred = choosePreferred(
    request,
    ANSWER_FORMATS.map((one) => FORMAT_TYPES[one]),
  );
  return ANSWER_FORMATS.find((one) => FORMAT_TYPES[one] === preferred) ?? "json";
}

/** Renders the answer. */
export function render(format: AnswerFormat, answer: SearchAnswer, address: AnswerAddress): Rendered {
  const contentType = format === "json" ? FORMAT_TYPES.json : `${FORMAT_TYPES[format]}; charset=utf-8`;
  switch (format) {
    case "json":
      return { body: JSON.stringify(answer), contentType };
    case "csv":
      return { body: renderCsv(answer.hits), contentType };
    case "atom":
      return { body: renderAtom(answer, address), contentType };
    default:
      return unreachable(format);
  }
}

const COLUMNS = [
  "time",
  "log",
  "index",
  "kind",
  "identity",
  "issuer",
  "digest",
  "repository",
  "repositoryId",
  "owner",
  "ownerId",
  "workflow",
  "ref",
  "predicateType",
  "runner",
  "visibility",
] as const satisfies readonly (keyof SearchHit)[];

const renderCsv = (hits: readonly SearchHit[]): string =>
  [COLUMNS.join(","), ...hits.map((hit) => COLUMNS.map((name) => toCell(hit[name])).join(","))]
    .map((line) => `${line}\r\n`)
    .join("");

/** A spreadsheet takes a text that begins with one of these for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

function toCell(value: string | number | null): string {
  const text = String(value ?? "");
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** XML has no control characters but white space, not even escaped (XML 1.0 §2.2). */
const isXml = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0;
  return code >= 0x20 ? code < 0xfffe || code > 0xffff : code === 0x09 || code === 0x0a || code === 0x0d;
};

const escapeXml = (text: string): string =>
  escapeHtml(Array.from(text, (one) => (isXml(one) ? one : "\ufffd")).join(""));

function renderAtom({ hits, newestTimeByLog, nextCursor }: SearchAnswer, { origin, query }: AnswerAddress): string {
  const asked = new URLSearchParams([...query].filter(([name]) => name !== "cursor" && name !== "format"));
  const self = `${origin}/api/search?${toQuery(asked, { format: "atom" })}`;
  const times = Object.values(newestTimeByLog).filter((time) => time !== null);
  const updated = hits[0]?.time ?? times.toSorted().at(-1) ?? "1970-01-01T00:00:00Z";
  const next =
    nextCursor === null
      ? ""
      : `<link rel="next" href="${escapeXml(`${origin}/api/search?${toQuery(asked, { cursor: nextCursor, format: "atom" })}`)}"/>\n`;
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<id>${escapeXml(self)}</id>
<title>${escapeXml(`Signatures and certificates: ${[...asked.values()].join(", ")}`)}</title>
<author><name>${escapeXml(new URL(origin).host)}</name></author>
<updated>${updated}</updated>
<link rel="self" href="${escapeXml(self)}"/>
${next}${hits.map((hit) => renderEntry(hit, origin)).join("")}</feed>
`;
}

function toQuery(asked: URLSearchParams, more: Readonly<Record<string, string>>): string {
  return new URLSearchParams([...asked, ...Object.entries(more)]).toString();
}

function renderEntry(hit: SearchHit, origin: string): string {
  const id = `${origin}/api/entries/${hit.index}?log=${encodeURIComponent(hit.log)}`;
  const page = `${origin}/entry/${encodeURIComponent(hit.log)}/${hit.index}`;
  const who = hit.identity ?? "a key without a certificate";
  const what =
    hit.digest === null ? "a certificate" : `${hit.kind === "attestation" ? "an attestation of " : ""}${hit.digest}`;
  const type = hit.predicateType === null ? "" : ` Type: ${hit.predicateType}.`;
  const title = hit.digest === null ? `${who} got ${what}` : `${who} signed ${what}`;
  return `<entry>
<id>${escapeXml(id)}</id>
<title>${escapeXml(title)}</title>
<updated>${hit.time}</updated>
<link rel="alternate" type="text/html" href="${escapeXml(page)}"/>
<link rel="alternate" type="application/json" href="${escapeXml(id)}"/>
<category term="${hit.kind}"/>
<summary>${escapeXml(`Entry ${hit.index} of the ${hit.log} log. Issuer: ${hit.issuer ?? "none"}.${type}`)}</summary>
</entry>
`;
}
