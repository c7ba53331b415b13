// SPDX-License-Identifier: Apache-2.0
// A stack at which people sign in: with the development connector, with one to a provider by others, and with further
// ones.

import { findFreePort } from "../../../cli/address.ts";
import { startStack, type TestStack } from "../process/stack.ts";
import { type ConnectorRow, makeConnectorSettings } from "../upstreams/connectors.ts";
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

/** Parts of a deployment beside the two connectors. */
interface Further {
  /** The rows of further connectors. @param issuer of the deployment, below which the callbacks are */
  readonly connectors: (issuer: string) => Promise<readonly ConnectorRow[]>;
  readonly vars: Readonly<Record<string, string>>;
  /** The Worker, if another than that of `npm start`. */
  readonly entry: string;
}

/** Starts the deployment and the provider. */
export async function startSignInDeployment(further: Further | null = null): Promise<SignInDeployment> {
  const port = valueOf(await findFreePort(0));
  const issuer = `http://localhost:${port}/oidc`;
  const redirectUri = `${issuer}/callback/${SLUG}`;
  const provider = await startOpenIdProvider({ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri });
  const row = { type: "oidc", slug: SLUG, name: "Work", config: { issuer: provider.url, clientID: CLIENT_ID } };
  const rows = [{ slug: SLUG, secret: CLIENT_SECRET, row }, ...((await further?.connectors(issuer)) ?? [])];
  const stack = await startStack({
    port,
    vars: { ...makeConnectorSettings(rows), ...further?.vars },
    ...(further === null ? {} : { entry: further.entry }),
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
