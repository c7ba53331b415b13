// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import VECTORS from "../../test/vectors/go-text-template/templates.json" with { type: "json" };
import { ok, type Result } from "../result.ts";
import { namesIn, parseTemplate, renderTemplate } from "./template.ts";

const VALUES: Readonly<Record<string, string>> = { a: "A", b: "B", empty: "", branch: "branch", "x.y/z": "dotted" };
const lookup = (name: string): Result<string | null, string> =>
  ok(Object.hasOwn(VALUES, name) ? (VALUES[name] ?? "") : null);

function render(source: string): string {
  const template = parseTemplate(source);
  if (!template.ok) return `rejected: ${template.error.reason}`;
  const text = renderTemplate(template.value, lookup, (name) => `no ${name}`);
  return text.ok ? text.value : `error: ${text.error}`;
}

// Results of Go 1.26 for the same text and values with missingkey=error.
describe("a template", () => {
  it.each([
    ["a", "A"],
    ["x.y/z", "dotted"],
    ["absent", "error: no absent"],
    ["{{.a}}", "A"],
    ["{{ .a }}/{{.b}}#c", "A/B#c"],
    ["pre{{ .empty }}post", "prepost"],
    ["{{ .absent }}", "error: no absent"],
    ['{{ index . "x.y/z" }}', "dotted"],
    ['{{ (index . "x.y/z") }}', "dotted"],
    ['{{ index . "absent" }}', ""],
    ["{{ index . `a` }}", "A"],
    ['{{ "text" }}', "text"],
    ['refs/{{if eq .branch "branch"}}heads/{{ else }}tags/{{end}}{{ .a }}', "refs/heads/A"],
    ['refs/{{if eq .a "branch"}}heads/{{ else }}tags/{{end}}{{ .a }}', "refs/tags/A"],
    ['{{if eq (index . "absent") "true"}}ssh{{ else }}""{{end}}', '""'],
    ["{{ if ne .a .b }}differ{{ end }}", "differ"],
    ["{{ if .empty }}yes{{ else if .a }}second{{ else }}no{{ end }}", "second"],
    ["{{ if .empty }}{{ .absent }}{{ end }}", ""],
    ["{{ if eq .absent .a }}x{{ end }}", "error: no absent"],
    ["{{ if .a }}{{ if .b }}both{{ end }}{{ end }}!", "both!"],
    ["a {{- .a -}} b", "aAb"],
    ["a {{ .a }} b", "a A b"],
    ["}} {{.a}}", "}} A"],
    ["{{ .a }}\n{{ .b }}", "A\nB"],
  ])("%s gives %s", (source, text) => {
    expect(render(source)).toBe(text);
  });

  it.each([
    ["", "is empty"],
    [" \n", "is empty"],
    ["a".repeat(2049), "is longer than 2048 characters"],
    ["{{ .a", "has {{ without }}"],
    ["{{ . }}", "has {{ . }}, which is not supported"],
    ["{{ }}", "has {{  }}, which is not supported"],
    ['{{ printf "%s" .a }}', 'has {{ printf "%s" .a }}, which is not supported'],
    ["{{ .a | html }}", "has {{ .a | html }}, which is not supported"],
    ["{{ .a.b }}", "has {{ .a.b }}, which is not supported"],
    ["{{`a }}", "has {{ `a }}, which is not supported"],
    ["{{ .a-b }}", "has {{ .a-b }}, which is not supported"],
    ["{{ index. `a` }}", "has {{ index. `a` }}, which is not supported"],
    ["{{ range .a }}{{ end }}", "has {{ range .a }}, which is not supported"],
    ["{{ $x := .a }}", "has {{ $x := .a }}, which is not supported"],
    ["{{ template `x` }}", "has {{ template `x` }}, which is not supported"],
    ["{{/* comment */}}", "has {{ /* comment */ }}, which is not supported"],
    ["{{ if .a }}x", "has an if without an end"],
    ["{{ if .a }}x{{ else }}y", "has an else without an end"],
    ["{{ if .a }}x{{ else .b }}y{{ end }}", "has an else with something other than if after it"],
    ["{{ if .a }}x{{ end .b }}", "has an end with more after it"],
    ["{{ end }}", "has {{ end }} without an if"],
    ["{{ else }}", "has {{ else }} without an if"],
    ["{{ if eq .a }}x{{ end }}", "has {{  }}, which is not supported"],
    ["{{ if eq .a .b .a }}x{{ end }}", "compares more than two values with eq"],
    ["{{ index . }}", 'has an index that is not of the form index . "name"'],
    ["{{ index .a `b` }}", 'has an index that is not of the form index . "name"'],
    ["{{ (index . `b` }}", "has ( without )"],
    ['{{ "\\x41" }}', 'has a string "\\x41" with an escape that is not supported'],
    [`${"{{ if .a }}".repeat(9)}x${"{{ end }}".repeat(9)}`, "nests deeper than 8"],
  ])("%s is rejected when it is parsed", (source, reason) => {
    expect(parseTemplate(source)).toEqual({ ok: false, error: { code: "template_invalid", reason } });
  });

  it("renders as in Go, or is rejected when it is parsed", () => {
    let rendered = 0;
    for (const [source, [kind, text]] of VECTORS as unknown as (readonly [string, readonly [string, string?]])[]) {
      const ours = render(source);
      if (ours.startsWith("rejected: ")) continue;
      rendered++;
      expect([source, kind === "run" ? ours.startsWith("error: ") : ours]).toEqual([source, kind === "run" || text]);
    }
    // It accepts most of what Go parses.
    expect(rendered).toBeGreaterThan(300);
  });

  it("does not expand the text of a value", () => {
    const template = parseTemplate("{{ .a }}");
    expect(template.ok && renderTemplate(template.value, () => ok("{{ .b }} $&"), String)).toEqual(ok("{{ .b }} $&"));
  });

  it("lists the names that it refers to", () => {
    const template = parseTemplate('{{ if eq .a "x" }}{{ .b }}{{ else }}{{ index . "c/d" }}{{ end }}{{ .e }}');
    expect(template.ok && namesIn(template.value)).toEqual(["a", "b", "c/d", "e"]);
  });
});
