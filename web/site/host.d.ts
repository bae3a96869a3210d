/**
 * Exports of the module `host.js`, which the publisher of the screens adds to this folder. The module for development is
 * Credentialing.DevHost/host.js. See web/README.md.
 *
 * Loading the module must not start a sign-in: the page for vendors, `share/`, loads it for `api` alone. Its users have no account.
 * It does not call the functions.
 */

/** An LEA of which the user is a coordinator. */
export interface Lea {
  /** CDS code: 14 digits. */
  readonly id: string;

  /** Name, as TOMS shows it. */
  readonly name: string;
}

/** Base URL of the API, such as `https://credentialing.example/api/`. Absolute, or relative to the site. */
export const api: string;

/**
 * LEAs of which the signed-in user is a coordinator, in display order. Empty for TOMS's staff. Waits for sign-in. If it rejects, the
 * screen offers a retry.
 */
export function leas(): Promise<readonly Lea[]>;

/**
 * Access token for the API. Renews an expired token if that is possible without user interaction. If it rejects, the session
 * has ended.
 */
export function accessToken(): Promise<string>;

/**
 * Optional: whether the signed-in user is a member of TOMS's staff, who may see all LEAs (the role `toms` of the API's access token).
 * Waits for sign-in. Default: no.
 */
export const isStaff: (() => Promise<boolean>) | undefined;

/**
 * Optional: the current time in milliseconds, if it is not the time of the browser's clock. DevHost's clock can be advanced.
 */
export const now: (() => number) | undefined;

/**
 * Signs the user in again after the API has rejected the token. Resolves when sign-in is complete or canceled. Must not navigate
 * away from the page, which may show a secret key: use a separate window, for example. Reloads the page if a different user
 * signs in. May be called again after it rejects.
 */
export function signIn(): Promise<void>;
