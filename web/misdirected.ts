// SPDX-License-Identifier: Apache-2.0
// The page of a host that this service does not answer for, with a link to the one that it does.

import { html } from "../shared/http/markup.ts";
import type { PublicUrl } from "../shared/http/public-url.ts";
import { renderPlainPage } from "./plain-page.ts";

/** The whole page. @param what what this host has; it ends in the address */
export const renderMisdirected = ({ href, host }: PublicUrl, what: string): string =>
  renderPlainPage("Another address", host, html`<p class="lead">${what} <a href="${href}/">${href}</a></p>`);
