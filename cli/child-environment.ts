// SPDX-License-Identifier: Apache-2.0
// The environment of the programs that commands start: wrangler, what wrangler starts in turn, a browser. They get what
// they are known to need, by name, so that no secret of this process reaches them.

/** Exact names; Windows writes them in any case. */
const NAMES = new Set(
  [
    // The system: where programs, folders and terminals are.
    "PATH HOME USER LOGNAME SHELL TERM TMPDIR TMP TEMP LANG LANGUAGE TZ",
    "SYSTEMROOT WINDIR COMSPEC PATHEXT USERPROFILE APPDATA LOCALAPPDATA PROGRAMFILES",
    // The network: proxies and certificates.
    "HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY",
    "NODE_EXTRA_CA_CERTS NODE_USE_ENV_PROXY NODE_OPTIONS SSL_CERT_FILE SSL_CERT_DIR",
    "ESBUILD_BINARY_PATH",
    // The desktop, for a browser.
    "BROWSER DISPLAY WAYLAND_DISPLAY XAUTHORITY DBUS_SESSION_BUS_ADDRESS DESKTOP_SESSION",
  ].flatMap((names) => names.split(" ")),
);
/** wrangler's own variables, its login among them; locale and folders of the user. */
const PREFIXES = ["CLOUDFLARE_", "CF_", "WRANGLER_", "LC_", "XDG_"];

/** The environment for a child: what it needs of this one, and what the caller adds. */
export function childEnvironment(
  added: Readonly<Record<string, string>>,
  own: NodeJS.ProcessEnv = process.env,
): Readonly<Record<string, string>> {
  const passed = Object.entries(own).flatMap(([name, value]): [string, string][] => {
    const upper = name.toUpperCase();
    const isNeeded = NAMES.has(upper) || PREFIXES.some((prefix) => upper.startsWith(prefix));
    return isNeeded && value !== undefined ? [[name, value]] : [];
  });
  return { ...Object.fromEntries(passed), ...added };
}
