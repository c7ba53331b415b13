// SPDX-License-Identifier: Apache-2.0
// The address of a client, which rate limits count.

/** Cloudflare sets this header on every request from outside and overwrites what the sender put there. */
const CLIENT_HEADER = "cf-connecting-ip";

/** The client's address; null if the request did not come through Cloudflare, as on a local stack. */
export const clientAddress = ({ headers }: Request): string | null => headers.get(CLIENT_HEADER);

/** The key under which a rate limit counts the client. All requests on a local stack share one. */
export const clientKey = (request: Request): string => clientAddress(request) ?? "local";
