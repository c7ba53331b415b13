// SPDX-License-Identifier: Apache-2.0
// The contract of a type of connector, which reads its own `config`. Each type is one file beside this one.

import type { Fields } from "../../../identity/configuration/section.ts";
import { POLICY_MEMBERS } from "../policy.ts";

/** Names of members of `config`, each with a text for people. */
export type MemberTexts = Readonly<Record<string, string>>;

/** A type of connector: how its `config` is read, and what follows from it. */
export interface ConnectorType<Config> {
  /** The purpose of the type, as a sentence without a full stop. */
  readonly what: string;
  /** The members that it reads, each with what it says. A list's text says what it does. */
  readonly members: MemberTexts;
  /** Members of dex's that are refused beside REFUSED_MEMBERS, each with what to do. */
  readonly refused: MemberTexts;
  /** Reads `config` and reports every problem; null if there is nothing to go on with. */
  readonly read: (fields: Fields) => Config | null;
  /** The connector's id unless its row says otherwise: the issuer that certificates name. */
  readonly idOf: (config: Config) => string;
  /** The name that people read unless the row gives another. */
  readonly nameOf: (config: Config) => string;
}

/** The members that every type reads. */
export const COMMON_MEMBERS: MemberTexts = {
  clientID: "the client id that the provider gave this deployment",
  ...POLICY_MEMBERS,
};

/** Members of dex's that no type reads, each with what to do. */
export const REFUSED_MEMBERS: MemberTexts = {
  clientSecret: "is a secret and has a place of its own: OIDC_CONNECTOR_SECRETS",
  redirectURI: "follows from the slug: register https://<host>/oidc/callback/<slug> at the provider and remove this",
  rootCA: "is not supported: Workers trust the public certificate authorities",
  insecureSkipEmailVerified: "is not supported: list the domains that this provider vouches for as trustedDomains",
};

const CLIENT_ID = /^[\x21-\x7e]{1,512}$/;
/** A host name with at least one dot, and a port. */
const HOST_NAME = /^(?=.{1,260}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*(?::\d{1,5})?$/;
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

/** Reads `clientID`, by which the provider knows this deployment. Reports a missing one. */
export function readClientId(fields: Fields): string | null {
  const clientId = fields.text("clientID");
  if (clientId !== null && CLIENT_ID.test(clientId)) return clientId;
  fields.report("clientID", "must be the client id that the provider gave this deployment");
  return null;
}

/** Reads a host name in lower case, such as `github.example.com`; null if it is absent or reported. */
export function readHostName(fields: Fields, name: string): string | null {
  const host = fields.text(name);
  if (host === null || HOST_NAME.test(host)) return host;
  fields.report(name, "must be a host name in lower case, such as code.example.com, without https://");
  return null;
}

/** Reports scopes that are none. Returns them without those that every request has. */
export function checkScopes(fields: Fields, scopes: readonly string[]): readonly string[] {
  if (scopes.some((scope) => !SCOPE.test(scope))) fields.report("scopes", "must be scopes, without spaces");
  return scopes.filter((scope) => scope !== "openid" && scope !== "email");
}
