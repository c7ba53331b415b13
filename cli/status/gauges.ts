// SPDX-License-Identifier: Apache-2.0
// Parses a page of metrics.
// Spec: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

/** A sample of a metric. */
export interface Gauge {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a page, in order. Skips every other line. */
export function parseGauges(page: string): readonly Gauge[] {
  return page.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = /^([a-z_:][a-z0-9_:]*)(?:\{([^}]*)\})? (\S+)$/i.exec(line) ?? [];
    if (name === undefined || value === undefined || Number.isNaN(Number(value))) return [];
    const pairs = labels.matchAll(/([a-z_][a-z0-9_]*)="((?:[^"\\]|\\.)*)"/gi);
    return [
      {
        name,
        labels: Object.fromEntries(Array.from(pairs, ([, key = "", text = ""]) => [key, text])),
        value: Number(value),
      },
    ];
  });
}

/** The value of the gauge with these labels, null if there is none. */
export const gaugeOf = (
  gauges: readonly Gauge[],
  name: string,
  labels: Readonly<Record<string, string>>,
): number | null =>
  gauges.find(
    (gauge) => gauge.name === name && Object.entries(labels).every(([key, text]) => gauge.labels[key] === text),
  )?.value ?? null;
