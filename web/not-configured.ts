// SPDX-License-Identifier: Apache-2.0
// The page of a Worker without its settings, as the Deploy to Cloudflare button leaves one: what is missing, and the
// command that creates it.

import { html } from "../shared/http/markup.ts";
import { renderPlainPage } from "./plain-page.ts";

/** The guide from a Worker without settings to a deployment. */
export const DEPLOY_GUIDE = "https://github.com/sigedge/sigedge/blob/main/docs/deploy.md";

/** The whole page. @param problems lines for the operator, without values */
export const renderNotConfigured = (problems: readonly string[]): string =>
  renderPlainPage(
    "Sigedge is not configured",
    "Sigedge",
    html`<p class="lead">The Worker runs, but it has no keys yet. In a clone of the repository, these commands create and upload everything:</p>
<p><code>npx sigedge init --url https://HOST</code><br><code>npx sigedge deploy</code></p>
<p><a href="${DEPLOY_GUIDE}">The guide</a> describes them.</p>
<section><h2>What is missing or wrong</h2>
<ul>
${problems.map((problem) => html`<li>${problem}</li>\n`)}</ul></section>`,
  );
