// SPDX-License-Identifier: Apache-2.0
// The deployment's own site as a client of its identity provider. The site is one origin, so this is a fact and no
// setting; the provider and the page read it here.

/** The client id. */
export const SITE_CLIENT_ID = "site";
/** The page to which its sign-in returns. */
export const SITE_REDIRECT_PATH = "/sign";
