// SPDX-License-Identifier: Apache-2.0
// Which view of the page shows, the progress in it, and the history of the browser: going back from a result leads to
// the form as it was left.

import { find, formatBytes } from "./dom.ts";

const NAMES = ["ask", "reading", "result"] as const;
type ViewName = (typeof NAMES)[number];

const TITLE_OF_FORM = document.title;
/** Follows the words of the view in the title. */
const SITE = TITLE_OF_FORM.slice(TITLE_OF_FORM.lastIndexOf(" · "));
const titles: Record<ViewName, string> = { ask: TITLE_OF_FORM, reading: `Reading the file${SITE}`, result: "" };

/** Shows one view and moves the focus to its heading. */
export function showView(name: ViewName): void {
  for (const one of NAMES) find(one).hidden = one !== name;
  find("terminal").hidden = name === "reading";
  document.title = titles[name];
  const heading = find(name).querySelector("h1");
  heading?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** Shows the result as a step of its own in the history. */
export function showResult(title: string): void {
  titles.result = `${title}${SITE}`;
  // A result that follows another, of the same file, takes its place.
  if (history.state === "result") history.replaceState("result", "");
  else history.pushState("result", "");
  showView("result");
}

/** Follows the reader back and forth. @param stop ends what still runs */
export function followHistory(stop: () => void): void {
  history.replaceState("ask", "");
  addEventListener("popstate", () => {
    stop();
    showView(history.state === "result" && find("result").childElementCount > 0 ? "result" : "ask");
  });
}

const SHOWN_EVERY_MS = 1000;

/** Shows how much of a file is read; the text changes once a second. */
export function startProgress(file: File): (done: number) => void {
  const began = performance.now();
  let shownAt = 0;
  const bar = document.querySelector("progress") ?? new HTMLProgressElement();
  const [bytes, left] = [find("reading-bytes"), find("reading-left")];
  find("reading-name").textContent = file.name;
  bar.value = 0;
  bytes.textContent = formatBytes(file.size);
  left.textContent = "";
  return (done) => {
    const now = performance.now();
    if (now - shownAt < SHOWN_EVERY_MS) return;
    shownAt = now;
    const part = done / file.size;
    const seconds = Math.ceil(((now - began) / 1000) * (1 / part - 1));
    bar.value = 100 * part;
    bytes.textContent = `${formatBytes(done)} of ${formatBytes(file.size)}`;
    left.textContent = `${Math.floor(100 * part)} %, about ${formatDuration(seconds)} left`;
  };
}

function formatDuration(seconds: number): string {
  if (seconds >= 90) return `${Math.round(seconds / 60)} minutes`;
  return seconds === 1 ? "1 second" : `${seconds} seconds`;
}
