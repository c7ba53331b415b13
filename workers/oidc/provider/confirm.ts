// SPDX-License-Identifier: Apache-2.0
// The one form that grants a sign-in or refuses it. Its answer is a page and no redirect, because browsers apply the
// Content Security Policy of the form's page to redirects that follow the form.
// Spec: RFC 8252 §8.6; RFC 8628 §5.4; RFC 9700 §4.7

import { readForm } from "../../../shared/http/form.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { unixMs } from "../../../shared/time.ts";
import { ROUTES } from "../declaration.ts";
import type { SignInError } from "../errors.ts";
import { CONFIRM_FIELDS } from "../pages/page.ts";
import { respondWithPage } from "../pages/respond.ts";
import { findAsked, makeCancelAddress, showError } from "./answers.ts";
import { isFromBrowser, makeConfirmedCookie } from "./browser.ts";
import { canBeRemembered } from "./callback.ts";
import { decideDevice } from "./device-decision.ts";
import { type Granting, grantCode } from "./grant.ts";
import type { Provider } from "./provider.ts";
import { type Confirmation, type Remembered, unpackConfirmation } from "./sign-in.ts";

/** A working day. */
const REMEMBERED_MS = 8 * 3_600_000;

/** Handles POST /confirm. */
export async function confirm(request: Request, provider: Provider): Promise<Response> {
  const answer = await readAnswer(request, provider);
  if (!answer.ok) return showError(request, answer.error);
  const { confirmation, granted, remembers } = answer.value;
  const { signIn } = confirmation;
  if (signIn.kind === "device") return decideDevice(request, provider, { signIn, granted });
  if (granted === null) return refuse(request, provider, confirmation);
  const cookies =
    remembers && canBeRemembered(provider, signIn)
      ? [
          await rememberCookie(provider, {
            browser: confirmation.browser,
            connectorId: granted.connector.id,
            address: granted.identity.address,
          }),
        ]
      : [];
  return grantCode(request, provider, granted, cookies);
}

interface Answer {
  readonly confirmation: Confirmation;
  /** Null: refused. */
  readonly granted: Granting | null;
  readonly remembers: boolean;
}

async function readAnswer(request: Request, provider: Provider): Promise<Result<Answer, SignInError>> {
  const { config, connectors, sealer, platform } = provider;
  if (isForeign(request, provider)) return err({ code: "origin_foreign" });
  const form = await readForm(request, maxBodyBytesOf(ROUTES, "confirm"));
  if (!form.ok) return form;
  const get = (field: keyof typeof CONFIRM_FIELDS): string => form.value.get(CONFIRM_FIELDS[field]) ?? "";
  const opened = await sealer.open("confirm", get("ticket"), platform.now());
  if (!opened.ok) return err({ code: opened.error.code === "seal_expired" ? "sign_in_expired" : "sign_in_broken" });
  const confirmation = unpackConfirmation(opened.value);
  if (!isFromBrowser(request, config.publicUrl, confirmation.browser)) return err({ code: "browser_changed" });
  const answer = get("answer");
  if (answer === "refuse") return ok({ confirmation, granted: null, remembers: false });
  if (answer !== "grant") return err({ code: "form_invalid", problem: "does not say grant or refuse" });
  const connector = connectors.find(({ id }) => id === confirmation.connectorId);
  if (connector === undefined) return err({ code: "connector_unknown" });
  const identity = confirmation.identities.find(({ address }) => address === get("address"));
  if (identity === undefined) return err({ code: "form_invalid", problem: "has none of your addresses" });
  const granted = { signIn: confirmation.signIn, connector, identity };
  return ok({ confirmation, granted, remembers: get("remember") === "yes" });
}

/** Whether another site's page sent the form. Browsers send Origin with every form; `null` is nobody's. */
export function isForeign({ headers }: Request, { config }: Provider): boolean {
  const origin = headers.get("origin");
  return origin !== null && origin !== config.publicUrl.href;
}

function refuse(request: Request, provider: Provider, { signIn }: Confirmation): Response {
  const href = makeCancelAddress(provider, signIn);
  const to = findAsked(provider, signIn)?.client.name ?? "";
  return href === null
    ? showError(request, { code: "sign_in_cancelled" })
    : respondWithPage(request, { kind: "forward", href, reason: "refused", to, address: null });
}

async function rememberCookie({ config, sealer, platform }: Provider, remembered: Remembered): Promise<string> {
  const sealed = await sealer.seal("remember", remembered, unixMs(platform.now() + REMEMBERED_MS));
  return makeConfirmedCookie(config.publicUrl, sealed, REMEMBERED_MS / 1000);
}
