// SPDX-License-Identifier: Apache-2.0
// The configuration of a connector to Google. A Workspace domain is what Google says in `hd`, never the suffix of an
// address: personal accounts can have an address in a company's domain.
// Spec: https://dexidp.io/docs/connectors/google/;
//   https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload

import type { Fields } from "../../../identity/configuration/section.ts";
import { type AdmissionPolicy, readPolicy } from "../policy.ts";
import { COMMON_MEMBERS, type ConnectorType, readClientId } from "./connector-type.ts";
import { SHARED_MEMBERS } from "./oidc.ts";

export const GOOGLE_ISSUER = "https://accounts.google.com";

export interface GoogleConfig {
  readonly clientId: string;
  readonly prompt: string | null;
  /** Its domains are compared with `hd`. */
  readonly policy: AdmissionPolicy;
}

export const GOOGLE_CONNECTOR: ConnectorType<GoogleConfig> = {
  what: "Google, personal accounts and Workspace",
  members: {
    ...COMMON_MEMBERS,
    promptType: SHARED_MEMBERS.promptType,
    hostedDomains: "admits accounts of these Workspace domains, by the claim `hd`",
  },
  refused: {
    allowedDomains:
      "is not supported: a personal account can have any address. List Workspace domains as hostedDomains",
    groups: "is not supported: Google puts no groups into its tokens. Use hostedDomains or allowedAddresses",
    allowedGroups: "is not supported: Google puts no groups into its tokens. Use hostedDomains or allowedAddresses",
    serviceAccountFilePath: "is not supported: groups of Google are not read",
  },
  read: readGoogleConfig,
  idOf: () => GOOGLE_ISSUER,
  nameOf: () => "Google",
};

function readGoogleConfig(fields: Fields): GoogleConfig | null {
  const clientId = readClientId(fields);
  const prompt = fields.text("promptType");
  const policy = readPolicy(fields, { domains: "hostedDomains", groups: null });
  return clientId === null ? null : { clientId, prompt, policy };
}
