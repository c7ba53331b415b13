// SPDX-License-Identifier: Apache-2.0
// The box in the head of every page, in which people look up signatures.

import { html, type Markup } from "../http/markup.ts";

/** The attributes of the box, wherever it is. */
export const BOX_INPUT = html`name="q" type="search" autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="16384"`;

/** @param text what is in it */
export const smallBox = (text: string): Markup => html`<form class="box" action="/search" role="search">
<label for="q" class="vh">Look up anything</label>
<div><input id="q" ${BOX_INPUT} placeholder="Digest, e-mail, repository, commit" value="${text}"><button>Look up</button></div>
<p class="said" role="status"></p>
</form>`;
