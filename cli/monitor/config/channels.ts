// SPDX-License-Identifier: Apache-2.0
// Reads the list `notify`: channels, each with exactly one way to reach somebody.

import type { Fields, Section } from "../../../shared/identity/configuration/section.ts";
import { TOPICS, type Topic } from "../../../shared/monitor/outbox.ts";
import { parseWebhookKey } from "../../../shared/monitor/webhook.ts";
import type { Channel, CommandTarget, GitHubTarget, MailTarget, Target } from "./config.ts";
import type { Secret } from "./secret.ts";
import {
  type Environment,
  isHttpUrl,
  readAddress,
  readAddresses,
  readNumber,
  readSecret,
  readTexts,
  readUrl,
  requireField,
} from "./values.ts";

type ReadTarget = (section: Section, environment: Environment | null) => Target | null;

/** Member → reader, for each kind of target. */
const TARGETS: ReadonlyMap<string, ReadTarget> = new Map([
  ["webhook", readWebhook],
  ["slack", readSlack],
  ["github-issue", readGitHubIssue],
  ["mail", readMail],
  ["mailgun", readMailgun],
  ["sendgrid", readSendGrid],
  ["command", readCommand],
]);
const KINDS = [...TARGETS.keys()];
const MAX_CHANNELS = 32;
const NAME = /^[A-Za-z0-9][\w .-]{0,62}$/;

/** Reads the list. What it returns counts only if no problem was reported. */
export function readChannels(section: Section, environment: Environment | null): readonly Channel[] {
  const list = section.items();
  if (list.length > MAX_CHANNELS) section.report(`must have at most ${MAX_CHANNELS} channels`);
  const names = new Set<string>();
  return list.slice(0, MAX_CHANNELS).flatMap((item) => {
    const channel = readChannel(item, environment);
    if (channel === null) return [];
    if (names.has(channel.name)) item.report(`has the name of another channel: ${channel.name}`);
    names.add(channel.name);
    return [channel];
  });
}

function readChannel(section: Section, environment: Environment | null): Channel | null {
  const fields = section.fields(["name", "on", ...KINDS], ["name", "on", ...KINDS]);
  const kinds = KINDS.filter((kind) => fields.get(kind) !== null);
  const [kind = ""] = kinds;
  if (kinds.length !== 1) section.report(`must have exactly one of the members ${KINDS.join(", ")}`);
  const name = fields.get("name") === null ? kind : fields.text("name");
  if (name !== null && name !== "" && !NAME.test(name)) {
    fields.report("name", "must have 1 to 63 letters, digits, blanks and any of . - _");
  }
  const topics = readTopics(fields);
  const target = fields.get(kind);
  const read = target === null ? null : (TARGETS.get(kind)?.(target, environment) ?? null);
  return name === null || read === null ? null : { name, on: topics, target: read };
}

/** Security and infrastructure, unless it says otherwise: who configures a channel must not miss half of it. */
function readTopics(fields: Fields): readonly Topic[] {
  const section = fields.get("on");
  if (section === null) return ["security", "infrastructure"];
  const topics = readTexts(section, TOPICS.length).flatMap((word) => TOPICS.find((topic) => topic === word) ?? []);
  const words = Array.isArray(section.value) ? section.value.length : 1;
  if (topics.length !== words) section.report(`must list one or more of ${TOPICS.join(", ")}`);
  return [...new Set(topics)];
}

function readWebhook(section: Section, environment: Environment | null): Target | null {
  const fields = section.fields(["url", "secret"], ["url", "secret"]);
  const url = requireField(fields, "url", (one) => readUrl(one, environment));
  const key = requireField(fields, "secret", (one) => readWebhookSecret(one, environment));
  return url === null || key === null ? null : { kind: "webhook", url, key };
}

function readWebhookSecret(section: Section, environment: Environment | null): Secret | null {
  const secret = readSecret(section, environment);
  if (secret === null || environment === null) return secret;
  const key = parseWebhookKey(secret.reveal());
  if (!key.ok) section.report(`names a variable whose value ${key.error}`);
  return key.ok ? secret : null;
}

function readSlack(section: Section, environment: Environment | null): Target | null {
  const fields = section.fields(["url"], ["url"]);
  const url = requireField(fields, "url", (one) => readUrl(one, environment));
  return url === null ? null : { kind: "slack", url };
}

const REPOSITORY = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/[A-Za-z0-9._-]{1,100}$/;

function readGitHubIssue(section: Section, environment: Environment | null): GitHubTarget | null {
  const members = ["repository", "token", "labels", "assignees", "api"];
  const fields = section.fields(members, members);
  const repository = requireField(fields, "repository", readRepository);
  const token = requireField(fields, "token", (one) => readSecret(one, environment));
  const [labels, assignees] = [fields.get("labels"), fields.get("assignees")];
  const apiUrl = readApiUrl(fields, "https://api.github.com");
  if (repository === null || token === null) return null;
  return {
    kind: "github-issue",
    apiUrl,
    repository,
    token,
    labels: labels === null ? [] : readTexts(labels, 20),
    assignees: assignees === null ? [] : readTexts(assignees, 10),
  };
}

function readRepository(section: Section): string | null {
  const text = section.text();
  if (text === null || REPOSITORY.test(text)) return text;
  section.report("must be owner/name, as GitHub spells it");
  return null;
}

/** The API of another host: GitHub Enterprise, Mailgun in the European Union. */
function readApiUrl(fields: Fields, otherwise: string): string {
  const text = fields.text("api") ?? otherwise;
  if (!isHttpUrl(text)) fields.report("api", `must be a URL such as ${otherwise}`);
  return text.replace(/\/+$/, "");
}

function readMail(section: Section, environment: Environment | null): MailTarget | null {
  const members = ["server", "user", "password", "from", "to"];
  const fields = section.fields(members, members);
  const server = requireField(fields, "server", readMailServer);
  const from = requireField(fields, "from", readAddress);
  const to = requireField(fields, "to", (one) => readAddresses(one));
  const user = fields.text("user");
  const password = fields.get("password");
  if ((user === null) !== (password === null)) section.report("must have both user and password, or neither");
  const secret = password === null ? null : readSecret(password, environment);
  return server === null || from === null || to === null
    ? null
    : { kind: "mail", ...server, user, password: secret, from, to };
}

function readMailServer(section: Section): Pick<MailTarget, "host" | "port" | "isTls"> | null {
  const text = section.text();
  if (text === null) return null;
  const [, scheme, host = "", port] =
    /^(smtps?):\/\/(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  const number = port === undefined ? (scheme === "smtps" ? 465 : 587) : Number(port);
  if (scheme !== undefined && number >= 1 && number <= 65_535) {
    return { host: host.replace(/^\[|\]$/g, ""), port: number, isTls: scheme === "smtps" };
  }
  section.report(
    "must be smtps://host (TLS, port 465) or smtp://host (STARTTLS, port 587), with a port where it differs",
  );
  return null;
}

function readMailgun(section: Section, environment: Environment | null): Target | null {
  const members = ["domain", "key", "from", "to", "api"];
  const fields = section.fields(members, members);
  const domain = requireField(fields, "domain", (one) => one.text());
  const key = requireField(fields, "key", (one) => readSecret(one, environment));
  const from = requireField(fields, "from", readAddress);
  const to = requireField(fields, "to", (one) => readAddresses(one));
  const apiUrl = readApiUrl(fields, "https://api.mailgun.net");
  if (domain === null || key === null || from === null || to === null) return null;
  return { kind: "mailgun", apiUrl, domain, key, from, to };
}

function readSendGrid(section: Section, environment: Environment | null): Target | null {
  const members = ["key", "from", "to", "api"];
  const fields = section.fields(members, members);
  const key = requireField(fields, "key", (one) => readSecret(one, environment));
  const from = requireField(fields, "from", readAddress);
  const to = requireField(fields, "to", (one) => readAddresses(one));
  const apiUrl = readApiUrl(fields, "https://api.sendgrid.com");
  if (key === null || from === null || to === null) return null;
  return { kind: "sendgrid", apiUrl, key, from, fromName: null, to, toName: null };
}

const MAX_ARGUMENTS = 64;

function readCommand(section: Section): CommandTarget | null {
  const fields = section.fields(["run", "timeout-seconds"], ["run", "timeout-seconds"]);
  const run = requireField(fields, "run", (one) => {
    if (Array.isArray(one.value)) return readTexts(one, MAX_ARGUMENTS);
    one.report("must be a list: the program, then its arguments. No shell reads them");
    return null;
  });
  const timeout = fields.get("timeout-seconds");
  const seconds = timeout === null ? 30 : readNumber(timeout, [1, 300]);
  const [program, ...rest] = run ?? [];
  return program === undefined || seconds === null
    ? null
    : { kind: "command", run: [program, ...rest], timeoutMs: seconds * 1000 };
}
