/**
 * What the page that hosts these screens provides. Whoever publishes them puts a module `host.js` here, which exports this;
 * development's is in Credentialing.DevHost. See the README of this folder.
 */

/** An LEA that the user coordinates. */
export interface Lea {
  /** Its CDS code: 14 digits. */
  readonly id: string;

  /** Its name, as TOMS shows it. */
  readonly name: string;
}

/** The address of the API, such as `https://credentialing.example/api/`; relative to the site, or absolute. */
export const api: string;

/** The LEAs of whoever is signed in, in the order to list them. Waits until somebody is; if it rejects, the screen offers to try again. */
export function leas(): Promise<readonly Lea[]>;

/**
 * An access token for the API; renewed, if that is possible without asking anybody, when its time has run out. If it rejects,
 * the session has ended.
 */
export function accessToken(): Promise<string>;

/**
 * Has the user sign in again, after the API has refused the token, and returns when that is done or given up. It must not leave
 * the page (a window of its own will do), which may show a secret key. If somebody else signs in, it reloads the page. If it
 * rejects, it can be asked again.
 */
export function signIn(): Promise<void>;
