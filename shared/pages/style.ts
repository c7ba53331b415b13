// SPDX-License-Identifier: Apache-2.0
// The style of every page: the tokens, the text, and the parts that sign-in pages and reading pages have in common. The
// sign-in pages carry it inside; the reading pages link to a file that `npm run assets` makes of it and web/style.

/**
 * Colors, type and space. Light and dark follow the system. On --bg every text reaches a contrast of 4.5:1 in both, and
 * every edge of a control 3:1.
 */
const TOKENS = `:root{color-scheme:light dark;
--bg:light-dark(#fff,#101315);--sunk:light-dark(#f4f6f6,#181c1f);--line:light-dark(#dde2e3,#2b3236);
--edge:light-dark(#7b868b,#6d7a81);--ink:light-dark(#14191b,#e8ecee);--ink2:light-dark(#525d62,#a5b0b6);
--accent:light-dark(#00598a,#74c3f2);--accent-hi:light-dark(#00446b,#a3d8f7);--on-accent:light-dark(#fff,#06202f);
--ok:light-dark(#17683a,#6fce94);--bad:light-dark(#b0241c,#ff938a);--warn:light-dark(#825200,#e9b95c);
--bad-bg:light-dark(#fdefed,#301715);--warn-bg:light-dark(#fbf3e2,#2a2110);
--sans:Next,system-ui,"Segoe UI",sans-serif;--mono:NextMono,ui-monospace,Menlo,Consolas,monospace;
--t0:.8125rem;--t1:.9375rem;--t2:1.0625rem;--t3:1.25rem;--t4:clamp(1.375rem,1.2rem + .8vw,1.75rem);
--t5:clamp(1.75rem,1.3rem + 2vw,2.5rem);--t6:clamp(2.25rem,1.4rem + 3.6vw,3.75rem);
--s1:.25rem;--s2:.5rem;--s3:.75rem;--s4:1rem;--s5:1.5rem;--s6:2.5rem;--s7:4rem;--s8:6rem;--r:6px}
`;

const TEXT = `*,::before,::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:400 var(--t2)/1.55 var(--sans);overflow-wrap:break-word}
h1,h2,h3,p,ul,ol,dl,dd,figure,pre,table,fieldset,legend{margin:0;padding:0;border:0}
ul,ol{list-style:none}
h1,h2,h3{font-weight:600;line-height:1.2;text-wrap:balance}
h1{font-size:var(--t5);letter-spacing:-.018em}
h2{font-size:var(--t4);letter-spacing:-.01em}
h3{font-size:var(--t2);line-height:1.4}
p{text-wrap:pretty}
a{color:var(--accent);text-underline-offset:.18em;text-decoration-thickness:1px}
a:hover{color:var(--accent-hi);text-decoration-thickness:2px}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:3px}
code,pre,.m{font-family:var(--mono);font-size:.9em;font-variant-ligatures:none}
.sm{font-size:var(--t1)}
.q{color:var(--ink2)}
.lead{font-size:var(--t3);line-height:1.5;max-width:38em;color:var(--ink2)}
.i{width:1.15em;height:1.15em;flex:none;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round;vertical-align:-.2em}
.vh:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
`;

const PAGE = `.wrap{max-width:72rem;margin-inline:auto;padding-inline:clamp(1rem,4vw,2.5rem)}
.top{padding-block:var(--s4);border-bottom:1px solid var(--line)}
.brand{display:flex;align-items:center;gap:var(--s2);min-height:1.75rem;font-weight:600;color:inherit;text-decoration:none;overflow-wrap:anywhere}
.brand .i{width:1.5em;height:1.5em;color:var(--accent)}
main{padding-block:var(--s6) var(--s8)}
main>*+*,.flow>*+*,section>*+*{margin-top:var(--s4)}
.foot{border-top:1px solid var(--line);padding-block:var(--s6);font-size:var(--t1);color:var(--ink2)}
.row{display:flex;flex-wrap:wrap;align-items:center;gap:var(--s3) var(--s4)}
.row>*{min-width:0}
`;

const PARTS = `button,.btn,input,select{font:inherit;font-size:var(--t2);color:inherit;line-height:1.4}
button,.btn{display:inline-flex;align-items:center;justify-content:center;gap:var(--s2);min-height:2.75rem;padding:var(--s2) var(--s4);border:1px solid var(--edge);border-radius:var(--r);background:var(--bg);font-weight:600;text-decoration:none;cursor:pointer;color:var(--ink);overflow-wrap:anywhere}
button:hover,.btn:hover{border-color:var(--ink);color:var(--ink)}
.go{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
.go:hover{background:var(--accent-hi);border-color:var(--accent-hi);color:var(--on-accent)}
input:not([type=checkbox],[type=radio],[type=file]),select{width:100%;min-height:2.75rem;padding:var(--s2) var(--s3);border:1px solid var(--edge);border-radius:var(--r);background:var(--bg)}
label,legend{font-weight:600}
.mark{flex:none;display:grid;place-items:center;width:1.75rem;height:1.75rem;border:1px solid var(--edge);border-radius:var(--r);font:600 .6875rem/1 var(--sans);color:var(--ink2)}
.kv>div{display:grid;gap:0 var(--s5);padding-block:var(--s3);border-top:1px solid var(--line)}
.kv dt{color:var(--ink2);font-size:var(--t1)}
.kv dd{min-width:0;overflow-wrap:anywhere}
.st{display:inline-flex;gap:var(--s2);align-items:center;font-weight:600}
.ok{color:var(--ok)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.mark::before{content:attr(data-letters)}
.steps{counter-reset:step}
.steps>li{counter-increment:step;display:grid;grid-template-columns:2rem 1fr;padding-block:var(--s4);border-top:1px solid var(--line)}
.steps .n::before{content:counter(step)}
.steps .n{font-weight:600;line-height:1.4;color:var(--ink2)}
.steps p{min-width:0;overflow-wrap:anywhere}
.note{padding:var(--s5);border-radius:var(--r);background:var(--sunk);color:var(--ink)}
.note>*+*{margin-top:var(--s3)}
.note.bad{background:var(--bad-bg)}
.note.warn{background:var(--warn-bg)}
.note.public{background:none;border:2px solid var(--ink)}
@media (max-width:43.99rem){.row>.btn,main .row>button{flex:1 1 auto}}
@media (min-width:44rem){.kv>div{grid-template-columns:12rem 1fr;align-items:baseline}}
@media (forced-colors:active){.go,.note{border:1px solid}}
@media print{:root{color-scheme:light}button,.btn{display:none}}
`;

/** The style that all pages share. */
export const SHARED_STYLE = TOKENS + TEXT + PAGE + PARTS;
