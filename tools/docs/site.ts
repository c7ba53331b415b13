// SPDX-License-Identifier: Apache-2.0
// The documentation as a static site: every page as HTML that links relatively, so that any host can serve it under
// any path. The pages load no script, no font and nothing from another host.

import { posix } from "node:path";
import { readDocument, renderHtml } from "./markdown.ts";

/** Links to files that are no page of the site lead here. */
const REPOSITORY = "https://github.com/sigedge/sigedge/blob/main/";

/** Pages from outside docs/, and their places in the site. */
const OUTSIDE: Readonly<Record<string, string>> = {
  "README.md": "overview.html",
  "CONTRIBUTING.md": "contributing.html",
  "SECURITY.md": "security.html",
  "CHANGELOG.md": "changelog.html",
};

/** Files of docs/ that are served as they are. */
const ASSET = /^docs\/.*\.(?:svg|png|yml|yaml|json)$/;

/** The site by path: texts made from pages, and the repository's paths of files to copy. */
export interface Site {
  readonly pages: ReadonlyMap<string, string>;
  readonly copies: ReadonlyMap<string, string>;
}

/** Builds the site from the repository's files. */
export function buildSite(files: readonly string[], read: (path: string) => string): Site {
  const places = new Map(files.flatMap((path) => placeOf(path).map((place) => [path, place] as const)));
  const sources = [...places].filter(([path]) => path.endsWith(".md"));
  const navigation = readNavigation(read("docs/README.md"), places);
  return {
    pages: new Map(sources.map(([path, place]) => [place, page({ path, place }, read(path), { places, navigation })])),
    copies: new Map([...places].filter(([path]) => ASSET.test(path)).map(([path, place]) => [place, path])),
  };
}

/** Returns the path of a repository's file in the site; empty if the site does not have it. */
function placeOf(path: string): readonly string[] {
  const outside = OUTSIDE[path];
  if (outside !== undefined) return [outside];
  if (!path.startsWith("docs/")) return [];
  const place = path.slice("docs/".length);
  if (path.endsWith(".md")) return [place.replace(/README\.md$/, "index.md").replace(/\.md$/, ".html")];
  return ASSET.test(path) ? [place] : [];
}

interface Entry {
  readonly title: string;
  readonly place: string;
}

/** The pages in the order of the index, by the texts of its links. */
function readNavigation(index: string, places: ReadonlyMap<string, string>): readonly Entry[] {
  const titles = new Map([["docs/README.md", "documentation"]]);
  for (const { target, text } of readDocument(index).links) {
    const path = posix.normalize(posix.join("docs", target.split("#")[0] ?? ""));
    if (!titles.has(path)) titles.set(path, text.toLowerCase());
  }
  return Array.from(titles, ([path, title]) => ({ title, place: places.get(path) ?? "" })).filter(({ place }) =>
    place.endsWith(".html"),
  );
}

interface Surroundings {
  readonly places: ReadonlyMap<string, string>;
  readonly navigation: readonly Entry[];
}

interface Source {
  readonly path: string;
  readonly place: string;
}

function page({ path, place }: Source, text: string, { places, navigation }: Surroundings): string {
  const toPlace = (to: string): string => posix.relative(posix.dirname(place), to) || posix.basename(to);
  const toHref = (target: string): string => {
    const [file = "", anchor] = target.split("#");
    if (file === "" || /^[a-z][a-z0-9+.-]*:/i.test(file)) return target;
    const resolved = posix.normalize(posix.join(posix.dirname(path), file)).replace(/\/$/, "");
    const found = places.get(resolved) ?? places.get(`${resolved}/README.md`);
    return `${found === undefined ? REPOSITORY + resolved : toPlace(found)}${anchor === undefined ? "" : `#${anchor}`}`;
  };
  const items = navigation.map(
    (entry) =>
      `<a href="${toPlace(entry.place)}"${entry.place === place ? ' aria-current="page"' : ""}>${escape(entry.title)}</a>`,
  );
  const title = readDocument(text).headings[0]?.text ?? "Sigedge";
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escape(title === "Sigedge" ? title : `${title} · Sigedge`)}</title><style>${STYLE}</style></head>`,
    `<body><nav><strong>Sigedge</strong>${items.join("")}</nav><main>`,
    renderHtml(text, toHref),
    "</main></body></html>\n",
  ].join("\n");
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --accent: light-dark(#0b5cad, #7db8f5); }
body { display: grid; grid-template-columns: 13rem minmax(0, 52rem); gap: 3rem; max-width: 70rem; margin: 0 auto; padding: 1.5rem;
  font: 16px/1.55 system-ui, sans-serif; }
nav { position: sticky; top: 1.5rem; align-self: start; display: grid; gap: .3rem; }
nav a[aria-current] { font-weight: 600; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
h1, h2, h3 { line-height: 1.25; margin-top: 2em; } h1 { margin-top: 0; }
pre, table { overflow-x: auto; display: block; } img { max-width: 100%; }
pre { padding: .8rem 1rem; border: 1px solid var(--line); border-radius: 6px; }
code { font: .88em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; } pre code { overflow-wrap: normal; }
table { border-collapse: collapse; } th, td { border: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; }
@media (max-width: 50rem) { body { grid-template-columns: minmax(0, 1fr); gap: 1rem; } nav { position: static; display: flex; flex-wrap: wrap; gap: .3rem 1rem; } }
`;
