// SPDX-License-Identifier: Apache-2.0
// The page of every error of a sign-in, for everybody who sees it: axe finds nothing, and nothing scrolls sideways. The
// compiler asks for an error of each code.

import { afterAll, beforeAll, expect, it } from "vitest";
import type { ConnectorError } from "../../workers/oidc/connectors/connector.ts";
import type { SignInError } from "../../workers/oidc/errors.ts";
import { makeErrorPage } from "../../workers/oidc/pages/error-page.ts";
import { renderPage } from "../../workers/oidc/pages/render.ts";
import { type Chromium, startChromium } from "./chromium.ts";
import { findViolations, measureOverflow } from "./inspection.ts";

/** The error of each code. */
type ByCode<E extends { readonly code: string }> = { readonly [C in E["code"]]: Extract<E, { readonly code: C }> };

const CONNECTOR_ERRORS: ByCode<ConnectorError> = {
  upstream_denied: { code: "upstream_denied" },
  upstream_failed: { code: "upstream_failed", problem: "did not answer within 5 seconds" },
  upstream_refused: { code: "upstream_refused", problem: "redirect_uri" },
  address_unverified: { code: "address_unverified", address: `${"a-long-name".repeat(5)}@example.com` },
  address_unusable: { code: "address_unusable" },
  not_admitted: { code: "not_admitted", address: "alice@example.com", hint: "Members of the group signers may sign." },
};

const LONG = "a-word-without-a-break".repeat(8);

const ERRORS: Omit<ByCode<SignInError>, "connector_failed"> = {
  parameter_repeated: { code: "parameter_repeated", parameter: "client_id" },
  client_unknown: { code: "client_unknown", clientId: LONG },
  redirect_refused: { code: "redirect_refused", clientName: "Example CI", isProgram: false },
  sign_in_off: { code: "sign_in_off" },
  request_unanswerable: { code: "request_unanswerable", description: LONG },
  request_too_long: { code: "request_too_long" },
  out_of_band_off: { code: "out_of_band_off" },
  device_off: { code: "device_off" },
  connector_unknown: { code: "connector_unknown" },
  sign_in_broken: { code: "sign_in_broken" },
  sign_in_expired: { code: "sign_in_expired" },
  browser_changed: { code: "browser_changed" },
  origin_foreign: { code: "origin_foreign" },
  form_invalid: { code: "form_invalid", problem: "the field ticket is missing" },
  device_over: { code: "device_over" },
  device_network_differs: { code: "device_network_differs" },
  sign_in_cancelled: { code: "sign_in_cancelled" },
  sign_ins_limited: { code: "sign_ins_limited" },
  sign_in_failed: { code: "sign_in_failed", requestId: "0123456789abcdef" },
};

const failedAt = (cause: ConnectorError): SignInError => ({
  code: "connector_failed",
  connector: "Example Login",
  cause,
});
const ALL: readonly SignInError[] = [...Object.values(ERRORS), ...Object.values(CONNECTOR_ERRORS).map(failedAt)];

let chromium: Chromium;
beforeAll(async () => {
  chromium = await startChromium();
});
afterAll(async () => await chromium.stop());

it("the page of every error is open to everybody, at every width", async () => {
  const { page } = await chromium.invite();
  const ways = {
    requestId: "0123456789abcdef",
    againHref: "/oidc/auth",
    cancelHref: "/oidc/cancel",
    refusal: null,
  };
  for (const error of ALL) {
    const shown = makeErrorPage(error, ways);
    await page.setContent(renderPage(shown, "sign.example.com"));
    for (const width of [320, 3840]) {
      await page.setViewport({ width, height: 800 });
      expect([shown.code, width, await measureOverflow(page)]).toEqual([shown.code, width, 0]);
    }
    expect([shown.code, await findViolations(page)]).toEqual([shown.code, []]);
  }
});
