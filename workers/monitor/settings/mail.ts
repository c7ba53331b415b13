// SPDX-License-Identifier: Apache-2.0
// The settings of mail: its sender, and what a mail API wants: headers, and a JSON template whose texts hold
// placeholders. Values go into texts after the template was parsed, so no value can become JSON.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { isEmailAddress } from "../../../shared/identity/email.ts";
import { hasTextMembers, isList, isObject } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { parseFetchableUrl } from "../../../shared/oidc/issuer-url.ts";
import { err, ok, type Result } from "../../../shared/result.ts";

/** The placeholders, each written as `{{name}}`. */
const PLACEHOLDERS = ["from", "to", "subject", "text", "unsubscribe", "unsubscribe-post"] as const;
type MailValues = Readonly<Record<(typeof PLACEHOLDERS)[number], string>>;

/** A JSON value with placeholders. */
export interface MailTemplate {
  readonly json: unknown;
}

const NEEDED = ["to", "subject", "text", "unsubscribe"] as const;
const MAX_HEADERS = 16;
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;
const HEADER_VALUE = /^[\x20-\x7e]{1,1024}$/;

/** The body that many mail APIs take; MAIL_BODY replaces it. */
export const DEFAULT_TEMPLATE: MailTemplate = {
  json: {
    from: "{{from}}",
    to: ["{{to}}"],
    subject: "{{subject}}",
    text: "{{text}}",
    headers: { "List-Unsubscribe": "{{unsubscribe}}", "List-Unsubscribe-Post": "{{unsubscribe-post}}" },
  },
};

/** Parses MAIL_URL. The error completes its name. */
export function parseMailUrl(text: string): Result<string, string> {
  const url = parseFetchableUrl(text);
  return url.ok ? ok(text) : err(url.error.reason);
}

/** Who sends the mails. */
export interface MailSender {
  /** As MAIL_FROM has it. */
  readonly text: string;
  readonly address: string;
  /** Empty if it has none. */
  readonly name: string;
}

/** Parses MAIL_FROM: an address, or `Name <address>`. The error completes its name. */
export function parseMailFrom(text: string): Result<MailSender, string> {
  const [, name = "", address = text] = /^([\x20-\x3b=\x3f-\x7e]{1,64}) <([^<>]+)>$/.exec(text) ?? [];
  return isEmailAddress(address) ? ok({ text, address, name }) : err("must be an address, or Name <address>");
}

/** Parses MAIL_HEADERS: a JSON object of header texts. The error completes its name. */
export function parseMailHeaders(text: string): Result<Readonly<Record<string, string>>, string> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok || !hasTextMembers(json.value)) return err('must be a JSON object of texts: {"authorization": "…"}');
  const entries = Object.entries(json.value);
  const isUsable = entries.every(([name, value]) => HEADER_NAME.test(name) && HEADER_VALUE.test(value));
  return isUsable && entries.length <= MAX_HEADERS ? ok(json.value) : err(`must be at most ${MAX_HEADERS} headers`);
}

/** Parses MAIL_BODY. The error completes its name. */
export function parseMailTemplate(text: string): Result<MailTemplate, string> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok || !isObject(json.value)) return err("must be a JSON object");
  const missing = NEEDED.find((name) => !text.includes(`{{${name}}}`));
  return missing === undefined ? ok({ json: json.value }) : err(`must hold {{${missing}}}`);
}

/** The template with these values. */
export const fillTemplate = ({ json }: MailTemplate, values: MailValues): unknown => fill(json, values);

function fill(json: unknown, values: MailValues): unknown {
  if (typeof json === "string") {
    return json.replace(/\{\{([a-z-]+)\}\}/g, (whole, word: string) => {
      const name = PLACEHOLDERS.find((one) => one === word);
      return name === undefined ? whole : values[name];
    });
  }
  if (isList(json)) return json.map((item) => fill(item, values));
  if (!isObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, fill(value, values)]));
}
