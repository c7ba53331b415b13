// SPDX-License-Identifier: Apache-2.0
// The stored results of the clients (results.json) and the tables made from them: the compatibility matrix of
// README.md, and the commands with their exit codes in docs/clients.md.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../cli/root.ts";
import type { Capability, Client, Transport } from "./client.ts";
import { CLIENTS, operationsOf, TRANSPORTS } from "./clients.ts";
import type { Kind } from "./pairs.ts";

type ExitCodes = Readonly<Record<string, number>>;

/**
 * The results of one run of the suite: exit codes by transport, client and operation, and by transport, kind, signer
 * and verifier.
 */
export interface Results {
  readonly versions: Readonly<Record<string, string>>;
  readonly operations: Readonly<Record<Transport, Readonly<Record<string, ExitCodes>>>>;
  readonly pairs: Readonly<Record<Transport, Readonly<Record<Kind, Readonly<Record<string, ExitCodes>>>>>>;
}

const STORED = join(import.meta.dirname, "results.json");

export const readResults = (): Results => JSON.parse(readFileSync(STORED, "utf8")) as Results;

export const writeResults = (results: Results): void => writeFileSync(STORED, `${JSON.stringify(results, null, 2)}\n`);

/** The generated parts of documents: file, name of the part, and the function that renders it. */
export const TABLES: readonly (readonly [file: string, section: string, render: (results: Results) => string])[] = [
  ["README.md", "clients", renderMatrix],
  ["docs/clients.md", "exit codes", renderExitCodes],
  ["docs/clients.md", "commands", renderCommands],
];

/** The path of a document, and the text that it has when this part is up to date. */
export function currentTable(file: string, section: string, content: string): { path: string; text: string } {
  const path = join(ROOT, file);
  return { path, text: withSection(readFileSync(path, "utf8"), section, content) };
}

/** Writes every table from these results. */
export function writeTables(results: Results): void {
  for (const [file, section, render] of TABLES) {
    const { path, text } = currentTable(file, section, render(results));
    writeFileSync(path, text);
  }
}

const TITLES: Readonly<Record<Transport, string>> = { files: "files", tuf: "TUF" };

const COLUMNS: readonly Capability[] = ["sign", "verify", "attest", "verify attestation"];

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** The matrix of README.md: one row per client. */
function renderMatrix(results: Results): string {
  const rows = CLIENTS.map((client) => [
    client.signs === undefined ? client.name : `${client.name} (${client.signs})`,
    results.versions[client.name] ?? "",
    client.transports.map((transport) => TITLES[transport]).join(", "),
    ...COLUMNS.map((capability) => capabilityCell(results, client, capability)),
    String(rejectedForgeries(results, client)),
  ]);
  return table(["client", "version", "trust root over", ...COLUMNS, "forgeries rejected"], rows);
}

/**
 * ✓ over every transport of the client, or the transports it works over; ✗ if it fails; – if there is nothing to run.
 */
function capabilityCell(results: Results, client: Client, capability: Capability): string {
  const codes = client.transports.map(
    (transport) => [transport, codesOf(results, { client, transport, capability })] as const,
  );
  if (codes.every(([, found]) => found.length === 0)) return "–";
  const works = codes.filter(([, found]) => found.length > 0 && found.every((code) => code === 0));
  if (works.length === 0) return "✗";
  return works.length === client.transports.length
    ? "✓"
    : `✓ ${works.map(([transport]) => TITLES[transport]).join(", ")}`;
}

interface Shown {
  readonly client: Client;
  readonly transport: Transport;
  readonly capability: Capability;
}

/** The exit codes that decide a cell. Attestations that a client verifies for others count too. */
function codesOf({ operations, pairs }: Results, { client, transport, capability }: Shown): readonly number[] {
  const own = operationsOf(client, transport)
    .filter(({ shows }) => shows === capability)
    .flatMap(({ name }) => operations[transport][client.name]?.[name] ?? []);
  const ofOthers = Object.values(pairs[transport].attestation).flatMap((codes) => codes[client.name] ?? []);
  return capability === "verify attestation" ? [...own, ...ofOthers] : own;
}

const rejectedForgeries = ({ operations }: Results, client: Client): number =>
  client.transports
    .flatMap((transport) => operationsOf(client, transport).map((operation) => ({ transport, operation })))
    .filter(({ operation }) => operation.refusedWith !== undefined && operation.because === undefined)
    .filter(({ transport, operation }) => operations[transport][client.name]?.[operation.name] !== 0).length;

/** The exit code tables of docs/clients.md: one of all operations, then signers × verifiers for each transport. */
function renderExitCodes(results: Results): string {
  const rows = CLIENTS.flatMap((client) => operationRows(results, client));
  const heads = TRANSPORTS.map((transport) => `over ${TITLES[transport]}`);
  return [
    table(["client", "operation", ...heads], rows),
    "Each signer's bundles with each verifier: exit codes for a signature / an attestation.",
    ...TRANSPORTS.map((transport) => renderPairs(results, transport)),
  ].join("\n\n");
}

function operationRows({ operations }: Results, client: Client): readonly (readonly string[])[] {
  const all = TRANSPORTS.flatMap((transport) => operationsOf(client, transport));
  const byName = new Map(all.map((operation) => [operation.name, operation]));
  return Array.from(byName.values(), ({ name, because }) => [
    client.name,
    because === undefined ? name : `*${name}*`,
    ...TRANSPORTS.map((transport) => String(operations[transport][client.name]?.[name] ?? "–")),
  ]);
}

/** Rows sign, columns verify; `message / attestation`. */
function renderPairs({ pairs }: Results, transport: Transport): string {
  const { message, attestation } = pairs[transport];
  const signers = [...new Set([...Object.keys(message), ...Object.keys(attestation)])];
  const verifiers = [...new Set(Object.values(message).flatMap((codes) => Object.keys(codes)))];
  const codeOf = (signer: string, verifier: string): string =>
    [message, attestation].map((kind) => kind[signer]?.[verifier] ?? "–").join(" / ");
  const rows = signers.map((signer) => [signer].concat(verifiers.map((verifier) => codeOf(signer, verifier))));
  return table([`signed by ↓ (over ${TITLES[transport]}), verified by →`, ...verifiers], rows);
}

/** The commands of docs/clients.md: for each client what it is, its commands, and every exit code. */
function renderCommands(results: Results): string {
  return CLIENTS.map((client) => renderClient(results, client)).join("\n\n");
}

const renderClient = (results: Results, client: Client): string =>
  [
    `## ${client.name} ${results.versions[client.name]}`,
    "",
    ...wrap(client.about),
    ...client.transports.flatMap((transport) => renderTransport(results, client, transport)),
  ].join("\n");

function renderTransport({ operations }: Results, client: Client, transport: Transport): readonly string[] {
  const own = operationsOf(client, transport);
  const codes = operations[transport][client.name];
  const reasons = own.flatMap(({ name, because }) => (because === undefined ? [] : [[name, because] as const]));
  return [
    "",
    transport === "tuf" ? "Over the TUF repository:" : "Over files:",
    "",
    "```sh",
    ...own.flatMap(({ name, run }) => [`# ${name}: ${codes?.[name]}`, run]),
    "```",
    ...reasons.flatMap(([name, because]) => [""].concat(wrap(`*${name}* fails: ${because}.`))),
  ];
}

const LINE_WIDTH = 140;

/** Breaks a paragraph into lines. */
function wrap(paragraph: string): readonly string[] {
  const lines: string[] = [""];
  for (const word of paragraph.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length > LINE_WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/** Replaces what is between `<!-- NAME -->` and `<!-- /NAME -->`. Throws if the markers are missing. */
function withSection(text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from === -1 || to < from) throw new Error(`no section ${name}`);
  return `${text.slice(0, from + open.length)}\n${content.trim()}\n${text.slice(to)}`;
}
