// SPDX-License-Identifier: Apache-2.0
// A browser of fetch: cookies per host, redirects, links, forms and pages that refresh. It runs no script and checks
// no Content Security Policy; real browsers do (test/browser).

/** The page that the browser shows. */
export interface Shown {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
}

/** A browser. It stops before an address whose host is not among `hosts`, as that is the client's listener. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();
  readonly #headers: Readonly<Record<string, string>>;
  readonly #route: (url: string) => string;

  /**
   * @param headers sent with every request, such as the address that Cloudflare names; a `cookie` precedes its own
   * @param route where the server of an address is really
   */
  constructor(headers: Readonly<Record<string, string>> = {}, route: (url: string) => string = (url) => url) {
    this.#headers = headers;
    this.#route = route;
  }

  /** Opens an address and follows redirects and refreshing pages up to an address at `stopAt`. */
  async open(url: string, stopAt: string, init: RequestInit = {}): Promise<Shown> {
    let shown = await this.fetch(url, init);
    for (let hops = 0; hops < 10; hops++) {
      const next = shown.headers.get("location") ?? refreshOf(shown.html);
      if (next === null) return shown;
      const address = new URL(next, shown.url).href;
      if (next.startsWith(stopAt)) return { ...shown, url: next, html: "" };
      shown = await this.fetch(address, {});
    }
    throw new Error("too many redirects");
  }

  /** Sends one request, and follows nothing. */
  async fetch(url: string, init: RequestInit): Promise<Shown> {
    const { host } = new URL(url);
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    const own = [...jar].map(([name, value]) => `${name}=${value}`);
    const cookie = [this.#headers["cookie"] ?? [], own].flat().join("; ");
    const headers = { ...this.#headers, ...(init.headers as Record<string, string>), cookie };
    const response = await fetch(this.#route(url), { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    return { url, status: response.status, headers: response.headers, html: await response.text() };
  }

  /** Submits the page's form with these values over its own. */
  submit(page: Shown, values: Readonly<Record<string, string>>, stopAt: string, headers = {}): Promise<Shown> {
    const form = /<form[^>]* method="(get|post)" action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(page.html);
    if (form === null) throw new Error(`no form: ${page.status} ${page.html}`);
    const [, method = "", action = "", content = ""] = form;
    const fields = new URLSearchParams();
    for (const [tag] of content.matchAll(/<input[^>]*>/g)) {
      const [name, type] = [attribute(tag, "name"), attribute(tag, "type")];
      const isOff = (type === "radio" || type === "checkbox") && !tag.includes(" checked");
      if (name !== null && !isOff) fields.set(name, attribute(tag, "value") ?? "");
    }
    for (const [name, value] of Object.entries(values)) fields.set(name, value);
    const address = new URL(unescape(action), page.url);
    if (method === "get") return this.open(`${address.href}?${fields.toString()}`, stopAt);
    const type = { "content-type": "application/x-www-form-urlencoded", origin: address.origin };
    return this.open(address.href, stopAt, {
      method: "POST",
      headers: { ...type, ...headers },
      body: fields.toString(),
    });
  }
}

/** The addresses of a page's links. */
export const linksOf = ({ html }: Shown): readonly string[] =>
  Array.from(
    (html.split("<main")[1] ?? "").split("</main")[0]?.matchAll(/<a [^>]*href="([^"]*)"/g) ?? [],
    ([, href = ""]) => unescape(href),
  );

function refreshOf(html: string): string | null {
  const [, url = null] = /http-equiv="refresh" content="0;url=([^"]*)"/.exec(html) ?? [];
  return url === null ? null : unescape(url);
}

function attribute(tag: string, name: string): string | null {
  const [, value = null] = new RegExp(` ${name}="([^"]*)"`).exec(tag) ?? [];
  return value === null ? null : unescape(value);
}

const unescape = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))).replaceAll("&amp;", "&");
