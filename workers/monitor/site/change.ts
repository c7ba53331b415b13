// SPDX-License-Identifier: Apache-2.0
// POST /watch: begins, tests, resumes or ends a watch of the person who is signed in, of their own name only.

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { readForm } from "../../../shared/http/form.ts";
import { html, type Markup } from "../../../shared/http/markup.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { PersonalChange, PersonalChannel, PersonalWatchError } from "../../../shared/rpc/monitor.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import { ROUTES } from "../declaration.ts";
import { receiverProblem } from "../delivery/receiver-address.ts";
import type { Config } from "../env.ts";
import { redirectTo, respondWithProblem } from "./respond.ts";
import { endSessionCookie, readSession, type Session } from "./session.ts";
import { showWatches } from "./watch-page.ts";

/** A form of a person who is signed in. */
interface Sent {
  readonly session: Session;
  readonly form: URLSearchParams;
}

const CHANGES: readonly PersonalChange[] = ["stop", "resume", "test"];
/** As many bytes as a signature of HMAC-SHA-256 can use. */
const HOOK_SECRET_BYTES = 32;

/** Handles POST /watch. */
export async function changeWatches(request: Request, config: Config): Promise<Response> {
  const sent = await readSent(request, config, "changeWatches");
  if (!sent.ok) return sent.error;
  const { form } = sent.value;
  const asked = form.get("do");
  if (asked === "start") return await startWatch(config, sent.value);
  const change = CHANGES.find((one) => one === asked);
  if (change === undefined) return await showNotice(config, sent.value, 400, html`This form is not one of this page.`);
  const monitor = config.monitor.getByName(config.publicUrl.href);
  const changed = await monitor.changeWatch(sent.value.session.name, form.get("id") ?? "", change);
  if (!changed.ok) return await showNotice(config, sent.value, 400, html`${describeError(changed.error)}`);
  return change === "test"
    ? await showNotice(config, sent.value, 200, html`The receiver has accepted a test.`)
    : redirectTo("/watch");
}

/** Handles POST /watch/sign-out. */
export async function signOut(request: Request, config: Config): Promise<Response> {
  const sent = await readSent(request, config, "signOut");
  return sent.ok ? redirectTo("/watch", [endSessionCookie(config)]) : sent.error;
}

/** The form, if it comes from this page and from a person who is signed in; otherwise the answer. */
async function readSent(
  request: Request,
  config: Config,
  handler: "changeWatches" | "signOut",
): Promise<Result<Sent, Response>> {
  const { publicUrl } = config;
  const refuse = (status: 400 | 403, title: string, lead: string): Result<never, Response> =>
    err(respondWithProblem(publicUrl, { status, title, lead }));
  const form = await readForm(request, maxBodyBytesOf(ROUTES, handler));
  if (!form.ok) return refuse(400, "This form cannot be read", `The form ${form.error.problem}.`);
  const session = await readSession(request, config);
  if (session === null)
    return refuse(403, "You are not signed in", "A session of this page lasts half an hour. Sign in again.");
  const origin = request.headers.get("origin");
  const isForeign = origin !== null && origin !== publicUrl.href;
  if (isForeign || form.value.get("token") !== session.formToken)
    return refuse(403, "This form is not of your session", "Another site may have sent it. Load the page again.");
  return ok({ session, form: form.value });
}

async function startWatch(config: Config, sent: Sent): Promise<Response> {
  const channel = readChannel(config, sent);
  if (!channel.ok) return await showNotice(config, sent, 400, html`${channel.error}`);
  const monitor = config.monitor.getByName(config.publicUrl.href);
  const added = await monitor.addWatch(sent.session.name, channel.value);
  if (!added.ok) return await showNotice(config, sent, 400, html`${describeError(added.error)}`);
  if (channel.value.kind !== "webhook") return redirectTo("/watch");
  const { url, secret } = channel.value;
  return await showNotice(
    config,
    sent,
    200,
    html`You are told at <b class="m">${url}</b>. Its secret is shown this once: <code class="m">${secret}</code>`,
  );
}

/** Where to tell a person. The error is a sentence. */
function readChannel(
  { mail, neighborhood }: Config,
  { form, session: { address } }: Sent,
): Result<PersonalChannel, string> {
  const by = form.get("by");
  if (by === "mail" || by === "digest") {
    // Only to the address that the sign-in has proven, whatever the form says.
    return mail === null
      ? err("This deployment sends no mail.")
      : ok({ kind: "mail", to: address, isDigest: by === "digest" });
  }
  const url = form.get("url") ?? "";
  const problem = receiverProblem(url, neighborhood);
  if (by !== "webhook" || problem !== null) return err(`The address ${problem ?? "is of no known kind"}.`);
  const secret = encodeBase64(crypto.getRandomValues(new Uint8Array(HOOK_SECRET_BYTES)));
  return ok({ kind: "webhook", url, secret: `whsec_${secret}` });
}

function describeError(error: PersonalWatchError): string {
  switch (error.code) {
    case "watch_unknown":
      return "You have no such watch any more.";
    case "watches_exhausted":
      return "Your name has four watches, and no more fit. Stop one of them first.";
    case "watch_table_full":
      return "This deployment has as many watches as it can keep. Ask its operator.";
    case "receiver_failed":
      return `The receiver ${error.reason}.`;
    default:
      return unreachable(error);
  }
}

const showNotice = (config: Config, { session }: Sent, status: 200 | 400, what: Markup): Promise<Response> =>
  showWatches(config, session, html`<p class="note" role="status">${what}</p>`, { status });
