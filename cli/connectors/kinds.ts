// SPDX-License-Identifier: Apache-2.0
// The kinds of connectors that `sigedge init --connector` makes: what each must be told, and where an operator
// registers a deployment at that provider. The services know the same kinds under dex's names.

import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";

/** A value that an operator gives. */
export interface Question {
  /** The member of `config`, in dex's vocabulary. */
  readonly member: string;
  /** The value's name in the prompt and in errors. */
  readonly what: string;
  readonly isRequired: boolean;
  /** Whether the value is a list, written with spaces. */
  readonly isList?: true;
}

/** A kind of connector. */
export interface ConnectorKind {
  /** `type` of its row. */
  readonly type: string;
  readonly name: string;
  /** Asked for beside the client id and the client secret. */
  readonly questions: readonly Question[];
  /** How to register at the provider, one line for each step. `%s` stands for the redirect URI. */
  readonly steps: readonly string[];
}

const question = (member: string, what: string, isRequired: boolean): Question => ({ member, what, isRequired });

/** The kinds by the name of the flag. */
export const CONNECTOR_KINDS = {
  github: {
    type: "github",
    name: "GitHub",
    questions: [
      question("hostName", "host of a GitHub Enterprise Server, if it is not github.com", false),
      { ...question("trustedDomains", "domains of addresses to trust, on an Enterprise Server", false), isList: true },
    ],
    steps: [
      "github.com (or your server) → Settings of the organization → Developer settings → OAuth Apps → New OAuth App",
      "Authorization callback URL: %s",
      "Leave Device Flow off; register, copy the Client ID, then Generate a new client secret",
    ],
  },
  google: {
    type: "google",
    name: "Google",
    questions: [],
    steps: [
      "console.cloud.google.com → Google Auth Platform → Clients → Create client → Web application",
      "Authorized redirect URIs: %s",
      "Audience: Internal admits your organization only; scopes: openid, email",
    ],
  },
  entra: {
    type: "microsoft",
    name: "Microsoft Entra",
    questions: [question("tenant", "Directory (tenant) ID", true)],
    steps: [
      "entra.microsoft.com → App registrations → New registration → Accounts in this organizational directory only",
      "Redirect URI: platform Web, %s",
      "Certificates & secrets → New client secret (copy its Value); Token configuration → optional claims email and xms_edov of the ID token",
    ],
  },
  gitlab: {
    type: "gitlab",
    name: "GitLab",
    questions: [question("baseURL", "address of your instance, if it is not https://gitlab.com", false)],
    steps: [
      "GitLab → group or user settings → Applications → Add new application",
      "Redirect URI: %s",
      "Confidential: yes; scopes: openid, email",
    ],
  },
  bitbucket: {
    type: "bitbucket-cloud",
    name: "Bitbucket",
    questions: [],
    steps: [
      "bitbucket.org → Workspace settings → OAuth consumers → Add consumer",
      "Callback URL: %s",
      "This is a private consumer: yes; permissions: Account: Email and Read. The Key is the client id",
    ],
  },
  oidc: {
    type: "oidc",
    name: "an OpenID provider",
    questions: [question("issuer", "issuer, as in its discovery document: https://…", true)],
    steps: [
      "Okta: Applications → Create App Integration → OIDC, Web Application. Keycloak: Clients → Create client, Client authentication on. Auth0: Applications → Create → Regular Web Application",
      "Sign-in redirect URI: %s",
      "Grant type: Authorization Code; scopes: openid, email",
    ],
  },
  access: {
    type: "access",
    name: "Cloudflare Access",
    questions: [
      question("teamDomain", "the team's domain: example.cloudflareaccess.com", true),
      { ...question("trustedDomains", "domains of addresses that the team's login methods prove", true), isList: true },
    ],
    steps: [
      "one.dash.cloudflare.com → Access → Applications → Add an application → SaaS → OIDC",
      "Redirect URLs: %s",
      "Scopes: openid, email; add a policy that says who may sign in; copy client secret and client ID",
    ],
  },
} as const satisfies Readonly<Record<string, ConnectorKind>>;

export type ConnectorKindName = keyof typeof CONNECTOR_KINDS;

export const isKindName = (text: string): text is ConnectorKindName => Object.hasOwn(CONNECTOR_KINDS, text);

/** The redirect URI that an operator registers at a provider. */
export const redirectUriOf = (url: string, slug: string): string => `${ownIssuerOf(url)}/callback/${slug}`;
