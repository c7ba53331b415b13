// SPDX-License-Identifier: Apache-2.0
// The style sheet of the sign-in pages. Each page carries it, so that a sign-in loads nothing: an address in a request
// for a style sheet or a font would be one more thing that could leak.

import { SHARED_STYLE } from "../../../shared/pages/style.ts";

/**
 * Ignores a click in the first moment after the pointer comes to the page. Another site can put the page under the
 * second click of a double click, in its own window or below one that it closes; frame-ancestors does not see that.
 * Keys and fingers are not held up: they aim before they press. Old browsers know no such transition and wait for
 * nothing.
 */
const GUARD = `@media (hover:hover) and (pointer:fine){
.go{pointer-events:none}
:root:hover .go{pointer-events:auto;transition:pointer-events 0s .7s;transition-behavior:allow-discrete}
}
`;

const SIGN_IN = `.wrap{max-width:51rem}
main>section,main>.note{margin-block:var(--s5)}
.huge{font:500 var(--t5)/1.2 var(--mono);letter-spacing:.06em;overflow-wrap:anywhere;user-select:all}
input:not([type=checkbox],[type=radio],[type=file]){max-width:26rem}
label.field{display:block}
label.choice{display:flex;align-items:center;gap:var(--s3);min-height:2.75rem;font-weight:400;overflow-wrap:anywhere}
[type=checkbox],[type=radio]{flex:none;width:1.25rem;height:1.25rem;margin:0;accent-color:var(--accent)}
.pick a{display:flex;align-items:center;gap:var(--s3);min-height:2.75rem;padding:var(--s3) 0;border-top:1px solid var(--line);color:inherit;text-decoration:none;font-weight:600}
.pick a:last-child{border-bottom:1px solid var(--line)}
.pick a:hover{color:var(--accent)}
`;

/** Everything between <style> and </style>. */
export const STYLE = SHARED_STYLE + SIGN_IN + GUARD;
