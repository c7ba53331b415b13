// SPDX-License-Identifier: Apache-2.0
// A stack at which people sign in: with the development connector, and with one to a provider by others.

import { findFreePort } from "../../../cli/address.ts";
import { startStack, type TestStack } from "../process/stack.ts";
import { valueOf } from "../value-of.ts";
import { startOpenIdProvider } from "./openid-provider.ts";

/** The connector to the provider. */
const SLUG = "work";
const CLIENT_ID = "sigedge";
const CLIENT_SECRET = "a secret+/%of its own";

/** A running deployment. */
export interface SignInDeployment {
  readonly stack: TestStack;
  /** The issuer that tokens name. */
  readonly issuer: string;
  /** The ids of the connectors, which certificates name as their issuer. */
  readonly connectors: { readonly development: string; readonly work: string };
  readonly stop: () => Promise<void>;
}

/** Starts both. */
export async function startSignInDeployment(): Promise<SignInDeployment> {
  const port = valueOf(await findFreePort(0));
  const issuer = `http://localhost:${port}/oidc`;
  const redirectUri = `${issuer}/callback/${SLUG}`;
  const provider = await startOpenIdProvider({ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri });
  const row = { type: "oidc", slug: SLUG, name: "Work", config: { issuer: provider.url, clientID: CLIENT_ID } };
  const stack = await startStack({
    port,
    vars: {
      OIDC_CONNECTORS: JSON.stringify([row]),
      OIDC_CONNECTOR_SECRETS: JSON.stringify({ [SLUG]: CLIENT_SECRET }),
    },
  });
  return {
    stack,
    issuer,
    connectors: { development: issuer, work: provider.url },
    stop: async () => {
      provider.stop();
      await stack.stop();
    },
  };
}
