// SPDX-License-Identifier: Apache-2.0
// The notification sections of rekor-monitor as channels. Their secrets may be in the file, as they are there; env:NAME
// works too.

import type { Section } from "../../../shared/identity/configuration/section.ts";
import type { Channel, Target } from "./config.ts";
import { Lenient } from "./lenient.ts";
import type { Secret } from "./secret.ts";
import { type Environment, readReference } from "./values.ts";

/** The sections, each of which is a channel. */
export const SECTIONS = [
  "githubIssue",
  "emailNotificationSMTP",
  "emailNotificationMailgun",
  "emailNotificationSendGrid",
] as const;

type SectionName = (typeof SECTIONS)[number];

/** Reads the sections. What it returns counts only if no problem was reported. */
export function readNotifications(
  form: Lenient,
  environment: Environment | null,
  warnings: string[],
): readonly Channel[] {
  return SECTIONS.flatMap((name) => {
    const section = form.get(name);
    if (section === null) return [];
    const { known, read } = READERS[name];
    const target = read(new Channelled(section, known, { environment, warnings }));
    return target === null ? [] : [{ name, on: ["security" as const, "infrastructure" as const], target }];
  });
}

interface Reading {
  readonly environment: Environment | null;
  readonly warnings: string[];
}

/** The members of one section. */
class Channelled {
  readonly #members: Lenient;
  readonly #section: Section;
  readonly #reading: Reading;

  constructor(section: Section, known: readonly string[], reading: Reading) {
    this.#members = new Lenient(section, known, reading.warnings);
    this.#section = section;
    this.#reading = reading;
  }

  /** A member without which nothing can be sent. The file loads all the same, as it does there. */
  need(name: string): string | null {
    const text = this.#members.text(name);
    if (text === null) this.warn(`has no ${name}: nothing is sent there`);
    return text;
  }

  text(name: string): string | null {
    return this.#members.text(name);
  }

  secret(name: string): Secret | null {
    const member = this.#members.get(name);
    if (member === null || member.value === "") {
      this.warn(`has no ${name}: nothing is sent there`);
      return null;
    }
    return readReference(member, this.#reading.environment);
  }

  has(name: string): boolean {
    return this.#members.text(name) !== null;
  }

  report(reason: string): void {
    this.#section.report(reason);
  }

  warn(reason: string): void {
    this.#reading.warnings.push(`${this.#section.place.join(".")} ${reason}`);
  }
}

interface Reader {
  readonly known: readonly string[];
  readonly read: (members: Channelled) => Target | null;
}

const READERS: Readonly<Record<SectionName, Reader>> = {
  githubIssue: {
    known: ["assigneeUsername", "repositoryOwner", "repositoryName", "authenticationToken", "githubClient"],
    read: readGitHubIssue,
  },
  emailNotificationSMTP: {
    known: [
      "recipientEmailAddress",
      "senderEmailAddress",
      "senderSMTPUsername",
      "senderSMTPPassword",
      "SMTPHostURL",
      "SMTPCustomOptions",
    ],
    read: readSmtp,
  },
  emailNotificationMailgun: {
    known: ["recipientEmailAddress", "senderEmailAddress", "mailgunAPIKey", "mailgunDomainName"],
    read: readMailgun,
  },
  emailNotificationSendGrid: {
    known: ["recipientName", "recipientEmailAddress", "senderName", "senderEmailAddress", "sendGridAPIKey"],
    read: readSendGrid,
  },
};

function readGitHubIssue(members: Channelled): Target | null {
  const owner = members.need("repositoryOwner");
  const name = members.need("repositoryName");
  const token = members.secret("authenticationToken");
  const assignee = members.text("assigneeUsername");
  if (owner === null || name === null || token === null) return null;
  return {
    kind: "github-issue",
    apiUrl: "https://api.github.com",
    repository: `${owner}/${name}`,
    token,
    labels: ["rekor-monitor", "automatically generated"],
    assignees: assignee === null ? [] : [assignee],
  };
}

/** A host, perhaps with a port. With a user it is a submission server (RFC 6409), without one a relay. */
function readSmtp(members: Channelled): Target | null {
  const from = members.need("senderEmailAddress");
  const to = members.need("recipientEmailAddress");
  const server = members.need("SMTPHostURL");
  const user = members.text("senderSMTPUsername");
  const password = user === null ? null : members.secret("senderSMTPPassword");
  if (members.has("SMTPCustomOptions"))
    members.warn("has SMTPCustomOptions, which YAML cannot express: they do nothing");
  const [, scheme, host, port] = /^(?:(smtps?):\/\/)?([A-Za-z0-9.-]+)(?::(\d{1,5}))?\/?$/.exec(server ?? "") ?? [];
  if (server !== null && host === undefined)
    members.report("has a SMTPHostURL that is no host: write smtp.example.org");
  if (from === null || to === null || host === undefined) return null;
  const isTls = scheme === "smtps" || port === "465";
  const usual = isTls ? 465 : user === null ? 25 : 587;
  return {
    kind: "mail",
    host,
    port: port === undefined ? usual : Number(port),
    isTls,
    user,
    password,
    from,
    to: [to],
  };
}

function readMailgun(members: Channelled): Target | null {
  const from = members.need("senderEmailAddress");
  const to = members.need("recipientEmailAddress");
  const key = members.secret("mailgunAPIKey");
  const domain = members.need("mailgunDomainName");
  if (from === null || to === null || key === null || domain === null) return null;
  return { kind: "mailgun", apiUrl: "https://api.mailgun.net", domain, key, from, to: [to] };
}

function readSendGrid(members: Channelled): Target | null {
  const from = members.need("senderEmailAddress");
  const to = members.need("recipientEmailAddress");
  const key = members.secret("sendGridAPIKey");
  if (from === null || to === null || key === null) return null;
  const [fromName, toName] = [members.text("senderName"), members.text("recipientName")];
  return { kind: "sendgrid", apiUrl: "https://api.sendgrid.com", key, from, fromName, to: [to], toName };
}
