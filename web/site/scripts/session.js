/** Who is signed in: the business of the page that hosts these screens, which provides the module `host.js`. */

/** @typedef {typeof import("../host.js")} Host */

/** @type {Host | null} */
const provided = await import("../host.js").catch(() => null);

/** Whether there is a host. */
export const isHosted = provided !== null;

/** The host, where there is one. */
export const host = /** @type {Host} */ (provided);
