// SPDX-License-Identifier: Apache-2.0
// Adds connectors to a deployment: takes the values from the command line, the environment or the terminal, checks them
// as the services do and with the provider, and makes the texts of the two files. Writes nothing.

import { Document, isMap, isSeq, parseDocument } from "yaml";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { parseConnectorSecrets } from "../../shared/oauth/connectors/secrets.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { askLine, hasTerminal } from "../ask.ts";
import { readYaml } from "../deployment/yaml-file.ts";
import { describeRefusal, listUnknown } from "./describe.ts";
import {
  CONNECTOR_KINDS,
  type ConnectorKind,
  type ConnectorKindName,
  isKindName,
  type Question,
  redirectUriOf,
} from "./kinds.ts";
import { askProvider } from "./probe.ts";
import { listOf, rowsOf } from "./rows.ts";
import { readClientSecret } from "./secret.ts";
import { createAsk } from "./upstream.ts";

/** A connector that the operator wants, with what the command line says of it. */
export interface WantedConnector {
  readonly kind: ConnectorKindName;
  readonly given: ReadonlyMap<string, string>;
}

/** The texts of a deployment's two files, "" for a file that is not there. */
export interface ConnectorFiles {
  /** connectors.yaml */
  readonly connectors: string;
  /** keys/connector-secrets.json */
  readonly secrets: string;
}

/** A connector that was added. */
export interface AddedConnector {
  readonly slug: string;
  readonly type: string;
  readonly redirectUri: string;
  /** The values that the provider does not confirm without a login. */
  readonly notChecked: readonly string[];
}

/** The connectors to add, and how to check them. */
export interface Adding {
  readonly wanted: readonly WantedConnector[];
  readonly publicUrl: PublicUrl;
  /** False to ask no provider. */
  readonly isChecked: boolean;
  /** Shows a line to a person. */
  readonly say: (line: string) => void;
}

/** Members of a row that no kind asks for. */
const ROW_MEMBERS = ["slug", "name", "id"];
const SECRET_FILE = "secretFile";

/** Parses `github,clientID=…,slug=…`. The error completes "--connector …". */
export function parseWanted(text: string): Result<WantedConnector, string> {
  const [kind = "", ...pairs] = text.split(",");
  if (!isKindName(kind)) return err(`${kind} is unknown; give one of ${Object.keys(CONNECTOR_KINDS).join(", ")}`);
  const questions: readonly { readonly member: string }[] = CONNECTOR_KINDS[kind].questions;
  const known = ["clientID", SECRET_FILE, ...questions.map(({ member }) => member), ...ROW_MEMBERS];
  const given = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at);
    if (at < 1 || pair.length === at + 1) return err(`${kind} has ${pair}, which is not NAME=VALUE`);
    // The process list shows arguments to everybody on this machine.
    if (name === "clientSecret")
      return err(`${kind} must not have the secret itself: write it to a file, ${SECRET_FILE}=FILE`);
    if (!known.includes(name)) return err(`${kind} has ${name}, which is not known; known are ${known.join(", ")}`);
    given.set(name, pair.slice(at + 1));
  }
  return ok({ kind, given });
}

/** The new texts of the files, and what was added. The error is a line for the operator. */
export async function addConnectors(
  files: ConnectorFiles,
  adding: Adding,
): Promise<Result<ConnectorFiles & { readonly added: readonly AddedConnector[] }, string>> {
  const added: AddedConnector[] = [];
  let current = files;
  for (const wanted of adding.wanted) {
    const next = await addOne(current, wanted, adding);
    if (!next.ok) return next;
    current = next.value.files;
    added.push(next.value.added);
  }
  return ok({ ...current, added });
}

async function addOne(
  files: ConnectorFiles,
  wanted: WantedConnector,
  adding: Adding,
): Promise<Result<{ readonly files: ConnectorFiles; readonly added: AddedConnector }, string>> {
  const kind: ConnectorKind = CONNECTOR_KINDS[wanted.kind];
  const slug = wanted.given.get("slug") ?? kind.type;
  const redirectUri = redirectUriOf(adding.publicUrl.href, slug);
  const guide = [`${kind.name}: register this deployment there`, ...kind.steps.map((step, i) => `  ${i + 1}. ${step}`)];
  for (const line of guide) adding.say(line.replace("%s", redirectUri));
  const row = await collectRow(kind, wanted);
  if (!row.ok) return row;
  const secret = await readClientSecret({ slug, name: kind.name, file: wanted.given.get(SECRET_FILE) ?? null });
  if (!secret.ok) return secret;
  const next = appendRow(files, row.value, { slug, secret: secret.value });
  if (!next.ok) return next;
  const notChecked = await check(next.value, slug, redirectUri, adding);
  return notChecked.ok
    ? ok({ files: next.value, added: { slug, type: kind.type, redirectUri, notChecked: notChecked.value } })
    : notChecked;
}

/** The row of the file. The error names everything that is missing. */
async function collectRow(kind: ConnectorKind, { given }: WantedConnector): Promise<Result<object, string>> {
  const config: Record<string, string | readonly string[]> = {};
  const missing: string[] = [];
  for (const { member, what, isRequired, isList } of [CLIENT_ID, ...kind.questions]) {
    const isAsked = hasTerminal() && !given.has(member);
    const value =
      given.get(member) ?? (isAsked ? await askLine(`${what}${isRequired ? "" : " (Enter for none)"}: `) : "");
    if (value !== "") config[member] = isList === true ? value.split(/\s+/) : value;
    else if (isRequired) missing.push(`${member}: ${what}`);
  }
  if (missing.length > 0) {
    const names = missing.map((line) => line.split(":")[0]);
    return err(
      `the connector ${kind.type} lacks ${missing.join("; ")}. Without a terminal, give it as --connector …,${names.map((name) => `${name}=…`).join(",")}`,
    );
  }
  const named = ROW_MEMBERS.filter((name) => given.has(name)).map((name) => [name, given.get(name)]);
  return ok({ type: kind.type, ...Object.fromEntries(named), config });
}

const CLIENT_ID: Question = { member: "clientID", what: "Client ID", isRequired: true };

/** Appends a row, and keeps what the operator wrote. The error has the words of the services. */
function appendRow(
  { connectors, secrets }: ConnectorFiles,
  row: object,
  { slug, secret }: { readonly slug: string; readonly secret: string },
): Result<ConnectorFiles, string> {
  const known = parseConnectorSecrets(secrets === "" ? "{}" : secrets);
  if (!known.ok) return err(`OIDC_CONNECTOR_SECRETS ${known.error}`);
  const document = connectors.trim() === "" ? new Document({ connectors: [] }) : parseDocument(connectors);
  const { contents } = document;
  const list = isMap(contents) ? contents.items[0]?.value : contents;
  if (!isSeq(list)) return err("connectors.yaml has no list of connectors");
  list.add(document.createNode(row));
  const text = document.toString();
  const yaml = readYaml(text);
  if (!yaml.ok) return err(`connectors.yaml: ${yaml.error.join("; ")}`);
  const all = new Map([...known.value, [slug, secret]]);
  const checked = rowsOf(yaml.value.value, all);
  if (!checked.ok) return checked;
  if (listOf(yaml.value.value).length !== checked.value.length) return err("connectors.yaml has no list of connectors");
  return ok({ connectors: text, secrets: `${JSON.stringify(Object.fromEntries(all), null, 2)}\n` });
}

/** Asks the provider. Gives what it does not say without a login; the error says what is wrong. */
async function check(
  files: ConnectorFiles,
  slug: string,
  redirectUri: string,
  { publicUrl, isChecked }: Adding,
): Promise<Result<readonly string[], string>> {
  const secrets = parseConnectorSecrets(files.secrets);
  const yaml = readYaml(files.connectors);
  const rows = yaml.ok && secrets.ok ? rowsOf(yaml.value.value, secrets.value) : ok([]);
  const row = rows.ok ? rows.value.find((one) => one.slug === slug) : undefined;
  if (row === undefined) return err(`the connector ${slug} was not written`);
  if (!isChecked) return ok(["anything: --no-check"]);
  const probed = await askProvider(createAsk(publicUrl), row, redirectUri);
  if (!probed.ok) return err(`${row.name} ${probed.error}; to go on without asking it: --no-check`);
  const problem = describeRefusal(row, probed.value, redirectUri);
  return problem === null ? ok(listUnknown(probed.value)) : err(`${problem.finding}; ${problem.fix}`);
}
