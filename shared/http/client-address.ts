// SPDX-License-Identifier: Apache-2.0
// The network that a client sends from, which rate limits count. The only file that knows how a request names it.

/** Cloudflare sets this header on every request from outside and overwrites what the sender put there. */
const CLIENT_HEADER = "cf-connecting-ip";

/** Groups of an IPv6 address that its network keeps: providers give a customer at least a /64. */
const NETWORK_GROUPS = 4;
const GROUPS = 8;

/**
 * The client's network in one spelling: an IPv4 address, or the /64 of an IPv6 address. Null if the request does not
 * name one, as on a local stack, or behind a rule that removes visitors' addresses.
 */
export const clientNetwork = ({ headers }: Request): string | null => {
  const address = headers.get(CLIENT_HEADER);
  return address === null ? null : networkOf(address.trim().toLowerCase());
};

/**
 * The text that begins every network of a /48, or of an IPv4 /24: the largest blocks that a customer gets for the
 * asking. A limit for a block keeps places for others when one customer uses all of its networks.
 */
export const blockOf = (network: string): string =>
  network.includes(".")
    ? network.slice(0, network.lastIndexOf(".") + 1)
    : network.replace(/^((?:[0-9a-f]+:){3}).*$/, "$1");

/** Null for what is no address. */
function networkOf(address: string): string | null {
  if (isIpv4(address)) return address;
  const groups = parseIpv6(address);
  if (groups === null) return null;
  const embedded = extractIpv4(groups);
  if (embedded !== null) return embedded;
  return `${groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

function isIpv4(text: string): boolean {
  const octets = text.split(".");
  return octets.length === 4 && octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256);
}

/** RFC 4291 §2.2: `::` stands for zeros once, and the last two groups may be an IPv4 address. */
function parseIpv6(text: string): readonly number[] | null {
  const halves = text.split("%")[0]?.split("::") ?? [];
  const [before, after] = halves.map(parseGroups);
  if (halves.length > 2 || before === undefined || before === null || after === null) return null;
  if (after === undefined) return before.length === GROUPS ? before : null;
  const zeros = GROUPS - before.length - after.length;
  return zeros < 1 ? null : [...before, ...Array<number>(zeros).fill(0), ...after];
}

function parseGroups(text: string): readonly number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  for (const part of text.split(":")) {
    if (isIpv4(part)) {
      const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-f]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return null;
    }
  }
  return groups;
}

/** The address in ::ffff:0:0/96 (RFC 4291 §2.5.5.2), null for any other. */
function extractIpv4(groups: readonly number[]): string | null {
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isMapped) return null;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}
