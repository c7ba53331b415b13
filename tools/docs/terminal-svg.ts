// SPDX-License-Identifier: Apache-2.0
// Draws the output of a terminal as SVG: text with the colors of its escape sequences, on a dark window.

const CHARACTER_WIDTH = 8.4;
const LINE_HEIGHT = 20;
const MARGIN = 20;

/** Fill and weight for each SGR code that our commands print (ECMA-48 §8.3.117); others are ignored. */
const STYLES: Readonly<Record<string, string>> = {
  "1": ' font-weight="bold"',
  "2": ' fill="#8b949e"',
  "31": ' fill="#ff7b72"',
  "32": ' fill="#56d364"',
  "36": ' fill="#79c0ff"',
};

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Splits a line at its escape sequences: each run of text with the last code before it. */
function runsOf(line: string): readonly (readonly [code: string, text: string])[] {
  const parts = `\u001B[0m${line}`.split("\u001B[").slice(1);
  return parts.map((part) => [part.slice(0, part.indexOf("m")), part.slice(part.indexOf("m") + 1)] as const);
}

/** An SVG image of this text, which may hold escape sequences for color. */
export function terminalSvg(output: string): string {
  const lines = output.split("\n").map(runsOf);
  const columns = Math.max(...lines.map((runs) => runs.reduce((sum, [, text]) => sum + text.length, 0)));
  const width = Math.ceil(columns * CHARACTER_WIDTH) + 2 * MARGIN;
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  const texts = lines.map((runs, i) => {
    const spans = runs.map(([code, text]) =>
      text === "" ? "" : `<tspan${STYLES[code] ?? ""}>${escape(text)}</tspan>`,
    );
    return `<text x="${MARGIN}" y="${MARGIN + (i + 0.75) * LINE_HEIGHT}" xml:space="preserve">${spans.join("")}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    '  font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3" style="white-space:pre">',
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...texts,
    "</svg>\n",
  ].join("\n");
}
