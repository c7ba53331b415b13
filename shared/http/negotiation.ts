// SPDX-License-Identifier: Apache-2.0
// Which form of an answer a client prefers. Spec: RFC 9110 §12.5.1

/** The type that the Accept header ranks above all others. Without a preference, the first one. */
export function choosePreferred({ headers }: Request, types: readonly string[]): string {
  const accepted = (headers.get("accept") ?? "").split(",").map((item) => {
    const [type = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    return { type, weight: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
  });
  const weightOf = (type: string): number => accepted.find((one) => one.type === type)?.weight ?? 0;
  const most = Math.max(...types.map(weightOf));
  return types.find((type) => weightOf(type) === most) ?? "";
}
