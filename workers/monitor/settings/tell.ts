// SPDX-License-Identifier: Apache-2.0
// How a setting says whom to tell: an address, and the name of a secret in WATCH_SECRETS where there is one.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { describeProblem, type Fields, type Problem, Section } from "../../../shared/identity/configuration/section.ts";
import { isEmailAddress } from "../../../shared/identity/email.ts";
import { hasTextMembers } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { parseWebhookKey } from "../../../shared/monitor/webhook.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Channel } from "../watching/watch.ts";

/** A channel whose secret is named. */
export type Tell =
  | { readonly kind: "webhook"; readonly url: string; readonly secret: string }
  | { readonly kind: "slack"; readonly secret: string }
  | { readonly kind: "mail"; readonly to: string; readonly isDigest: boolean };

/** The forms that `tell` has. */
export const TELL_MEMBERS = ['"webhook": URL, "secret": NAME', '"slack": NAME', '"mail": ADDRESS'] as const;

const SECRET_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_SECRETS = 256;

/** Parses OPERATOR_ALERTS. The error completes its name. */
export function parseTell(text: string): Result<Tell, string> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok) return err(`must be a JSON object: {${TELL_MEMBERS.join(" | ")}}`);
  const problems: Problem[] = [];
  const tell = readTell(new Section(json.value, [], problems));
  return tell === null || problems.length > 0 ? err(problems.map(describeProblem).join("; ")) : ok(tell);
}

/** Reads a channel. Null if a problem was reported. */
export function readTell(section: Section): Tell | null {
  const fields = section.fields(["webhook", "secret", "slack", "mail", "digest"]);
  const kinds = (["webhook", "slack", "mail"] as const).filter((kind) => fields.get(kind) !== null);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    section.report(`must have exactly one of {${TELL_MEMBERS.join(" | ")}}`);
    return null;
  }
  return READERS[kind](fields);
}

const READERS: Readonly<Record<Tell["kind"], (fields: Fields) => Tell | null>> = {
  webhook: (fields) => {
    const [url, secret] = [fields.text("webhook"), readSecretName(fields, "secret")];
    return url === null || secret === null ? null : { kind: "webhook", url, secret };
  },
  slack: (fields) => {
    const secret = readSecretName(fields, "slack");
    return secret === null ? null : { kind: "slack", secret };
  },
  mail: (fields) => {
    const to = fields.text("mail") ?? "";
    if (!isEmailAddress(to)) fields.report("mail", "must be an e-mail address");
    return { kind: "mail", to, isDigest: fields.flag("digest", false) };
  },
};

function readSecretName(fields: Fields, name: string): string | null {
  const text = fields.text(name) ?? "";
  if (SECRET_NAME.test(text)) return text;
  fields.report(name, "must be the name of a secret in WATCH_SECRETS");
  return null;
}

/** Name → secret. */
export type WatchSecrets = ReadonlyMap<string, string>;

/** Parses WATCH_SECRETS: a JSON object of texts. The error completes its name. */
export function parseWatchSecrets(text: string): Result<WatchSecrets, string> {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok || !hasTextMembers(json.value)) return err('must be a JSON object of texts: {"NAME": "…"}');
  const entries = Object.entries(json.value);
  return entries.length > MAX_SECRETS ? err(`must have at most ${MAX_SECRETS} secrets`) : ok(new Map(entries));
}

/** The channel with its secret. The error completes "<setting> …" and holds no secret. */
export function toChannel(tell: Tell, secrets: WatchSecrets): Result<Channel, string> {
  switch (tell.kind) {
    case "mail":
      return ok(tell);
    case "slack": {
      const url = secrets.get(tell.secret);
      return url === undefined ? rejectUnknown(tell.secret) : ok({ kind: "slack", url });
    }
    case "webhook": {
      const secret = secrets.get(tell.secret);
      if (secret === undefined) return rejectUnknown(tell.secret);
      const key = parseWebhookKey(secret);
      if (!key.ok) return err(`names ${tell.secret}, which in WATCH_SECRETS ${key.error}`);
      return ok({ kind: "webhook", url: tell.url, secret });
    }
    default:
      return unreachable(tell);
  }
}

const rejectUnknown = (name: string): Result<never, string> => err(`names ${name}, which WATCH_SECRETS lacks`);
