// SPDX-License-Identifier: Apache-2.0
// The window in which somebody has signed in, on its way back: hands the answer to the page that waits for it, and
// closes. Redeems nothing: only that page has the verifier.

import { CHANNEL, type Taken } from "../sign/services/window.ts";

/** Two messages between windows of one browser, on a machine under load. */
const DEADLINE_MS = 5000;

const query = location.search;
// Neither the history of the browser nor a page that is opened from here gets the code.
history.replaceState(null, "", location.pathname);
const channel = new BroadcastChannel(CHANNEL);
const timer = setTimeout(() => show("nobody"), DEADLINE_MS);
channel.addEventListener("message", ({ data }: MessageEvent<Partial<Taken> | null>) => {
  if (data?.taken !== new URLSearchParams(query).get("state")) return;
  clearTimeout(timer);
  channel.close();
  show("taken");
  window.close();
});
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has one origin
channel.postMessage(query);

/** Shows how it ended, and hides the rest. */
function show(id: "taken" | "nobody"): void {
  for (const one of document.querySelectorAll<HTMLElement>("[data-end]")) one.hidden = one.dataset["end"] !== id;
  document.querySelector<HTMLElement>(`[data-end="${id}"] h1`)?.focus();
}
