// SPDX-License-Identifier: Apache-2.0
// The deployment's own site as a client of its identity provider. The site is one origin, so this is a fact and no
// setting; the provider and the page read it here.

/** The client id. */
export const SITE_CLIENT_ID = "site";
/** The page to which its sign-in returns. */
export const SITE_REDIRECT_PATH = "/sign";

/**
 * The client as which people sign in to watch their own name: apart, so that no token for it can sign, and none of
 * another client opens the page.
 */
export const WATCH_CLIENT_ID = "watch";
export const WATCH_REDIRECT_PATH = "/watch/signed-in";
