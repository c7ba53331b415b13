// SPDX-License-Identifier: Apache-2.0
// The screen while a person signs in beside the page.

import { element } from "../../verify/dom.ts";

/** Says where the sign-in is, and how to get there if its window did not open or was closed. */
export function showWaiting(address: string, isOpen: boolean, cancel: () => void): readonly Node[] {
  const link = element("a", { href: address, target: "_blank", rel: "noopener", class: isOpen ? "" : "btn go" });
  link.append("Open the sign-in");
  const button = element("button", { type: "button" }, "Cancel");
  button.addEventListener("click", cancel);
  const lead = isOpen
    ? "Use the window that has opened. This page continues by itself."
    : "Your browser blocked the window of the sign-in. Open it with this link. This page continues by itself.";
  return [
    element("h1", { tabindex: "-1" }, isOpen ? "Waiting for you to sign in" : "Sign in"),
    element("p", { class: "lead" }, lead),
    isOpen
      ? element("p", {}, "No window, or closed it? ", link, " (in a new window).")
      : element("p", { class: "row" }, link),
    element("p", { class: "row" }, button),
  ];
}
