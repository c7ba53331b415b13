// SPDX-License-Identifier: Apache-2.0
// `npm run sign-in-pictures`: takes the pictures of docs/sign-in.md in Chromium, from a stack with two connectors.

import { join } from "node:path";
import { ROOT } from "../../cli/root.ts";
import { say } from "../../cli/terminal.ts";
import { member } from "../../shared/json/member.ts";
import { startChromium } from "../../test/browser/chromium.ts";
import type { Person } from "../../test/browser/person.ts";
import { makeAuthorizationUrl } from "../../test/support/oauth/authorization-request.ts";
import { startStack } from "../../test/support/process/stack.ts";

const ADDRESS = "alice@example.com";
const WIDTH = 900;
const CONNECTORS = [
  { type: "github", config: { clientID: "sigedge" } },
  { type: "google", config: { clientID: "sigedge" } },
];

async function keep({ page }: Person, name: string): Promise<void> {
  await page.setViewport({ width: WIDTH, height: 200 });
  const file = `docs/sign-in-${name}.png`;
  await page.screenshot({ path: join(ROOT, file), fullPage: true });
  say(file);
}

async function keepBrowserPages(url: string, person: Person): Promise<void> {
  const request = { redirectUri: "http://localhost:43117/auth/callback", verifier: "v".repeat(43) };
  await person.open(makeAuthorizationUrl(url, request));
  await keep(person, "choose");
  await person.choose("development");
  await person.signInAtDevelopment(ADDRESS);
  await keep(person, "confirm");
}

async function keepDevicePage(url: string, person: Person): Promise<void> {
  const body = new URLSearchParams({ client_id: "sigstore", scope: "openid email" });
  const response = await fetch(`${url}/oidc/device/code`, { method: "POST", body });
  await person.open(String(member(await response.json(), "verification_uri_complete")));
  await person.sendUserCode();
  await person.choose("development");
  await person.signInAtDevelopment(ADDRESS);
  await keep(person, "device");
}

const stack = await startStack({
  vars: {
    OIDC_CONNECTORS: JSON.stringify(CONNECTORS),
    OIDC_CONNECTOR_SECRETS: JSON.stringify({ github: "secret", google: "secret" }),
  },
});
const chromium = await startChromium();
try {
  await keepBrowserPages(stack.url, await chromium.invite());
  await keepDevicePage(stack.url, await chromium.invite());
} finally {
  await chromium.stop();
  await stack.stop();
}
