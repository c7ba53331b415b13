// SPDX-License-Identifier: Apache-2.0
// Shows times in the reader's zone and names it. The title keeps UTC to the second.

type Format = Intl.DateTimeFormatOptions;
const DAY: Format = { day: "numeric", month: "short", year: "numeric" };
const CLOCK: Format = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

/** The forms of workers/web/parts/words.ts. */
const FORMATS: ReadonlyMap<string, readonly Format[]> = new Map(
  Object.entries({
    sentence: [{ ...DAY, month: "long", ...CLOCK, timeZoneName: "short" }],
    clock: [{ ...CLOCK, second: "2-digit", timeZoneName: "short" }],
    list: [DAY, CLOCK],
  }),
);

/** Leaves readers in UTC as they are. */
export function showLocalTimes(): void {
  if (new Date().getTimezoneOffset() === 0) return;
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-form]")) {
    const texts = (FORMATS.get(time.dataset["form"] ?? "") ?? []).map((format) =>
      new Intl.DateTimeFormat("en-GB", format).format(new Date(time.dateTime)),
    );
    const places = time.children.length > 0 ? [...time.querySelectorAll("b, .q")] : [time];
    for (const [i, place] of places.entries()) place.textContent = texts[i] ?? place.textContent;
  }
  for (const heading of document.querySelectorAll("th")) {
    if (heading.textContent === "When (UTC)") heading.textContent = "When";
  }
}
