// SPDX-License-Identifier: Apache-2.0
// `sigedge index-attestation`: makes logged attestations findable by what they attest.

import { readFileSync } from "node:fs";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { member } from "../../shared/json/member.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Arguments, defineCommand } from "../command.ts";
import { PATHS } from "../status/paths.ts";

const FLAGS = {
  url: { value: "URL", description: "The address of the deployment that logged them: https://HOST." },
} as const;

interface Options {
  readonly url: string;
  readonly files: readonly string[];
}

/** One file, and the entries that its subjects find from now on. */
interface Outcome {
  readonly file: string;
  readonly entries: readonly { readonly log: string; readonly index: number }[];
  readonly digests: readonly string[];
}

export const INDEX_ATTESTATION = defineCommand({
  name: "index-attestation",
  summary: "make logged attestations findable by what they attest",
  usage: ["index-attestation FILE… --url URL"],
  description: [
    "Some clients, such as cosign and sigstore-python, log only the digest of an attestation. This command sends the envelope of each file to the deployment, which finds the entry and indexes the digests of its subjects. Running it again is safe.",
  ],
  arguments: [{ name: "FILE", description: "A Sigstore bundle of an attestation, or a DSSE envelope." }],
  flags: FLAGS,
  json: "Print one JSON object on standard output.",
  examples: [
    {
      title: "Find an attestation by its artifact",
      command: "npx sigedge index-attestation app.sigstore.json --url https://sign.example.com",
    },
    {
      title: "Index all attestations of a release",
      command: "npx sigedge index-attestation dist/*.sigstore.json --url https://sign.example.com",
    },
  ],
  exitCodes: {
    0: "Every attestation is findable.",
    1: "One is not; the rest were not sent.",
    2: "The arguments are wrong.",
  },
  read: readOptions,
  run: async ({ url, files }, output) => {
    const outcomes: Outcome[] = [];
    for (const file of files) {
      const outcome = await send(url, file);
      if (!outcome.ok) return err(`${file}: ${outcome.error}`);
      outcomes.push(outcome.value);
    }
    output.result({ url, files: outcomes }, outcomes.map(outcomeText).join("\n"));
    return ok(0);
  },
});

function readOptions({ values, positionals }: Arguments<typeof FLAGS>): Result<Options, string> {
  if (positionals.length === 0) return err("name at least one file");
  if (values.url === null) return err("give the address of the deployment: --url https://HOST");
  const url = parsePublicUrl(values.url.replace(/\/$/, ""));
  return url.ok ? ok({ url: url.value.href, files: positionals }) : err(`--url ${url.error.reason}`);
}

async function send(url: string, file: string): Promise<Result<Outcome, string>> {
  const envelope = readEnvelope(file);
  if (!envelope.ok) return envelope;
  try {
    const response = await fetch(`${url}${PATHS.indexAttestation}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(envelope.value),
    });
    const answer: unknown = await response.json();
    const message = member(answer, "message");
    const reason = typeof message === "string" ? message : "no reason";
    if (response.status !== 200) return err(`${url} answers ${response.status}: ${reason}`);
    const found = decodeIndexed(answer);
    return found === null
      ? err(`${url} answers in a format that this version does not support`)
      : ok({ file, ...found });
  } catch (error) {
    return err(`${url} does not answer (${error instanceof Error ? error.message : "unknown"})`);
  }
}

function decodeIndexed(json: unknown): Omit<Outcome, "file"> | null {
  const [entries, digests] = [member(json, "entries"), member(json, "digests")];
  if (!Array.isArray(entries) || !Array.isArray(digests)) return null;
  return {
    entries: entries.map((entry) => ({ log: String(member(entry, "log")), index: Number(member(entry, "index")) })),
    digests: digests.map(String),
  };
}

/** The envelope alone: a bundle's certificates and proofs are in the log already. */
function readEnvelope(file: string): Result<unknown, string> {
  try {
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    return ok(member(json, "dsseEnvelope") ?? json);
  } catch (error) {
    return err(error instanceof SyntaxError ? "is not JSON" : "cannot be read");
  }
}

const outcomeText = ({ file, entries, digests }: Outcome): string =>
  `${file}: ${entries.map(({ log, index }) => `entry ${index} of the log ${log}`).join(", ")} is found by ${digests.join(", ")}`;
