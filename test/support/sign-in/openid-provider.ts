// SPDX-License-Identifier: Apache-2.0
// A certified OpenID provider by others, npm's oidc-provider, at which people sign in with a form: the provider behind
// a connector. It demands PKCE and a client secret, and knows everybody under the address that they type.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

/** How one deployment is registered at the provider. */
interface Registration {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

/** A running provider. */
export interface OpenIdProvider {
  readonly url: string;
  readonly stop: () => void;
}

/** Starts a provider with one client. It is another site than a stack on localhost, as it is for people. */
export async function startOpenIdProvider({
  clientId,
  clientSecret,
  redirectUri,
}: Registration): Promise<OpenIdProvider> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    // Without it the address is in the answer of the userinfo endpoint only.
    conformIdTokenClaims: false,
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    findAccount: (_, address) => ({
      accountId: address,
      claims: () => ({ sub: address, email: address, email_verified: !address.startsWith("unverified") }),
    }),
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId, accountId: oidc.session?.accountId ?? "" });
      grant.addOIDCScope("openid email");
      await grant.save();
      return grant;
    },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/login/${uid}` },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    pkce: { required: () => true },
  });
  const handle = provider.callback();
  const logIn = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === "GET") {
      response.setHeader("content-type", "text/html").end(LOGIN_PAGE);
      return;
    }
    const form = await readForm(request);
    const login = { login: { accountId: form.get("login") ?? "" } };
    const denial = { error: "access_denied", error_description: "the person does not want to" };
    await provider.interactionFinished(request, response, form.has("cancel") ? denial : login);
  };
  server.on("request", (request, response) => {
    void ((request.url ?? "").startsWith("/login/") ? logIn(request, response) : handle(request, response));
  });
  return {
    url,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const LOGIN_PAGE = `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Work</title><h1>Work</h1>
<form method="post" action=""><label>Login <input name="login"></label> <button name="ok">Sign in</button> <button name="cancel">Cancel</button></form></html>`;

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
