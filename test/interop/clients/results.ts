// SPDX-License-Identifier: Apache-2.0
// What the clients did, as tables: for README.md the operations that must succeed, for docs/clients.md all of them with their commands.

import type { Client, Operation, Transport } from "./client.ts";

export interface Outcome {
  readonly transport: Transport;
  readonly client: string;
  readonly operation: Operation;
  readonly code: number;
}

export interface PairOutcome {
  readonly transport: Transport;
  readonly signer: string;
  readonly verifier: string;
  readonly kind: "message" | "attestation";
  readonly code: number;
}

export interface Results {
  readonly clients: readonly Client[];
  readonly versions: Readonly<Record<string, string>>;
  readonly transports: readonly Transport[];
  readonly outcomes: readonly Outcome[];
  readonly pairs: readonly PairOutcome[];
}

/** The table of README.md: a row a client, its operations with their exit codes. */
export function renderSummary(results: Results): string {
  const rows = results.clients.map((client) => {
    const cells = results.transports.map((transport) => summaryCell(results, client, transport));
    return `| ${client.name} | ${results.versions[client.name]} | ${cells.join(" | ")} |`;
  });
  const heads = results.transports.map((transport) => TITLES[transport]);
  return [
    `| client | version | ${heads.join(" | ")} |`,
    `|---|---|${heads.map(() => "---|").join("")}`,
    ...rows,
    "",
    ...results.transports.flatMap((transport) => [...matrix(results, transport), ""]),
  ].join("\n");
}

const TITLES: Readonly<Record<Transport, string>> = {
  files: "over files (operation: exit code)",
  tuf: "over TUF (operation: exit code)",
};

function summaryCell({ outcomes }: Results, client: Client, transport: Transport): string {
  const own = outcomes.filter((outcome) => outcome.client === client.name && outcome.transport === transport);
  const worked = own.filter(({ operation }) => operation.refusedWith === undefined);
  const impossible = own.filter(({ operation }) => operation.because !== undefined);
  const refused = own.length - worked.length - impossible.length;
  if (own.length === 0) return "–";
  return [
    ...worked.map(({ operation, code }) => `${operation.name}: ${code}`),
    ...impossible.map(({ operation, code }) => `*${operation.name}: ${code}*`),
    ...(refused > 0 ? [`${refused} forgeries refused`] : []),
  ].join(" · ");
}

/** Rows sign, columns verify; `message / attestation`. */
function matrix({ pairs }: Results, transport: Transport): readonly string[] {
  const own = pairs.filter((pair) => pair.transport === transport);
  if (own.length === 0) return [];
  const signers = [...new Set(own.map(({ signer }) => signer))];
  const verifiers = [...new Set(own.map(({ verifier }) => verifier))];
  const code = (signer: string, verifier: string, kind: PairOutcome["kind"]): string => {
    const found = own.find((pair) => pair.signer === signer && pair.verifier === verifier && pair.kind === kind);
    return found === undefined ? "–" : String(found.code);
  };
  const cell = (signer: string, verifier: string): string =>
    `${code(signer, verifier, "message")} / ${code(signer, verifier, "attestation")}`;
  return [
    `| signed by ↓ (over ${transport === "tuf" ? "TUF" : "files"}), verified by → | ${verifiers.join(" | ")} |`,
    `|---|${verifiers.map(() => "---|").join("")}`,
    ...signers.map((signer) => `| ${signer} | ${verifiers.map((verifier) => cell(signer, verifier)).join(" | ")} |`),
  ];
}

/** The body of docs/clients.md: for each client what it is, its commands, and every exit code. */
export function renderDetails(results: Results): string {
  return results.clients.map((client) => renderClient(results, client)).join("\n\n");
}

function renderClient(results: Results, client: Client): string {
  const transports = results.transports.filter((transport) => client.transports.includes(transport));
  return [
    `## ${client.name} ${results.versions[client.name]}`,
    "",
    client.about,
    ...transports.flatMap((transport) => renderTransport(results, client, transport)),
  ].join("\n");
}

function renderTransport({ outcomes }: Results, client: Client, transport: Transport): readonly string[] {
  const own = outcomes.filter((outcome) => outcome.client === client.name && outcome.transport === transport);
  const reasons = own.filter(({ operation }) => operation.because !== undefined);
  return [
    "",
    transport === "tuf" ? "Over the TUF repository:" : "Over files:",
    "",
    "```sh",
    ...own.flatMap(({ operation, code }) => [`# ${operation.name}: ${code}`, operation.run]),
    "```",
    ...(reasons.length > 0 ? [""] : []),
    ...reasons.map(({ operation }) => `*${operation.name}* cannot work: ${operation.because}.`),
  ];
}

/** The text of a file with what is between `<!-- NAME -->` and `<!-- /NAME -->` replaced. Throws if the marks are not there. */
export function withSection(text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from === -1 || to < from) throw new Error(`no section ${name}`);
  return `${text.slice(0, from + open.length)}\n${content.trim()}\n${text.slice(to)}`;
}
