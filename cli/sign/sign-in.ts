// SPDX-License-Identifier: Apache-2.0
// Signs a person in at the identity provider: in the browser of this machine, or with a code on another device.
// Spec: RFC 8252 §7.3 (loopback redirect); RFC 7636 (PKCE); RFC 8628 (device); OpenID Connect Core §3.1

import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as oauth from "oauth4webapi";
import { makeAuthorizationAddress } from "../../shared/oauth/client/begin.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { LISTEN_ADDRESS } from "../address.ts";
import { childEnvironment } from "../child-environment.ts";

/** The client of every Sigstore signer. It has no secret. */
const CLIENT: oauth.Client = { client_id: "sigstore" };
const SCOPE = "openid email";
/** People look for their second factor. */
const DEADLINE_MS = 5 * 60_000;
const DEVICE_GRANT_PAUSE_SECONDS = 5;

/** Tells the person where to go. */
export type Tell = (line: string) => void;

/** Signs in in the browser of this machine. Gives the identity token. */
export function signInWithBrowser(provider: string, tell: Tell): Promise<Result<string, string>> {
  return settle(async () => {
    const server = await readDiscovery(provider);
    const listener = await listen();
    try {
      const redirectUri = `http://localhost:${(listener.address() as AddressInfo).port}/auth/callback`;
      const [state, nonce, verifier] = [
        oauth.generateRandomState(),
        oauth.generateRandomNonce(),
        oauth.generateRandomCodeVerifier(),
      ];
      const challenge = await oauth.calculatePKCECodeChallenge(verifier);
      const request = { clientId: CLIENT.client_id, redirectUri, state, nonce, challenge };
      const address = makeAuthorizationAddress(server.authorization_endpoint ?? "", request);
      tell(`Sign in at ${address}`);
      openBrowser(address);
      const answer = oauth.validateAuthResponse(server, CLIENT, await waitForCallback(listener), state);
      const options = requestOptionsFor(provider);
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        CLIENT,
        oauth.None(),
        answer,
        redirectUri,
        verifier,
        options,
      );
      return tokenOf(await oauth.processAuthorizationCodeResponse(server, CLIENT, response, { expectedNonce: nonce }));
    } finally {
      listener.closeAllConnections();
      listener.close();
    }
  });
}

/** Signs in with a code that the person types on another device. Gives the identity token. */
export function signInWithDevice(provider: string, tell: Tell): Promise<Result<string, string>> {
  return settle(async () => {
    const server = await readDiscovery(provider);
    const options = requestOptionsFor(provider);
    const none = oauth.None();
    const begun = await oauth.deviceAuthorizationRequest(server, CLIENT, none, { scope: SCOPE }, options);
    const device = await oauth.processDeviceAuthorizationResponse(server, CLIENT, begun);
    tell(`Go to ${device.verification_uri} and enter the code ${device.user_code}`);
    const deadline = Date.now() + Math.min(DEADLINE_MS, device.expires_in * 1000);
    let pauseSeconds = device.interval ?? DEVICE_GRANT_PAUSE_SECONDS;
    while (Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, pauseSeconds * 1000));
      const response = await oauth.deviceCodeGrantRequest(server, CLIENT, none, device.device_code, options);
      try {
        return tokenOf(await oauth.processDeviceCodeResponse(server, CLIENT, response));
      } catch (error) {
        const code = error instanceof oauth.ResponseBodyError ? error.error : null;
        if (code !== "authorization_pending" && code !== "slow_down") throw error;
        // RFC 8628 §3.5: slow_down adds five seconds to every later pause.
        if (code === "slow_down") pauseSeconds += DEVICE_GRANT_PAUSE_SECONDS;
      }
    }
    return err("nobody signed in before the code expired; run the command again");
  });
}

/** The library and the provider throw for whatever they do not like. */
async function settle(act: () => Promise<Result<string, string>>): Promise<Result<string, string>> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
      return err(`the identity provider rejected the sign-in: ${error.error_description ?? error.error}`);
    }
    return err(`could not sign in: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readDiscovery(provider: string): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(provider);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, requestOptionsFor(provider)));
}

/** Plain http is for a stack on this machine only. */
function requestOptionsFor(provider: string): {
  readonly [oauth.allowInsecureRequests]: boolean;
  readonly signal: AbortSignal;
} {
  const { hostname } = new URL(provider);
  const isLocal = hostname === "localhost" || hostname === LISTEN_ADDRESS;
  return { [oauth.allowInsecureRequests]: isLocal, signal: AbortSignal.timeout(DEADLINE_MS) };
}

function tokenOf({ id_token: token }: oauth.TokenEndpointResponse): Result<string, string> {
  return token === undefined ? err("the identity provider sent no identity token") : ok(token);
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, LISTEN_ADDRESS, () => resolve(server));
  });
}

function waitForCallback(server: Server): Promise<URL> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error("nobody signed in within five minutes; run the command again")),
      DEADLINE_MS,
    );
    server.on("request", ({ url = "/" }, response) => {
      const address = new URL(url, "http://localhost");
      if (address.pathname !== "/auth/callback") {
        response.writeHead(404).end();
        return;
      }
      clearTimeout(timer);
      response.writeHead(200, { "content-type": "text/plain; charset=utf-8", connection: "close" });
      response.end("You can close this window and go back to the terminal.\n", () => resolve(address));
    });
  });
}

/** Opens the address. Where nothing opens, the person has the line that was printed. */
function openBrowser(address: string): void {
  if (process.env["SIGEDGE_NO_BROWSER"] === "1") return;
  const [program, ...args] =
    process.platform === "darwin"
      ? ["open", address]
      : process.platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler", address]
        : ["xdg-open", address];
  const child = spawn(program, args, { stdio: "ignore", detached: true, env: childEnvironment({}) });
  child.on("error", () => {});
  child.unref();
}
