/** The module `host.js`, which signs the user in. The publisher of the screens provides it: see web/README.md. */

/**
 * @typedef {typeof import("../host.js")} Host
 * @typedef {import("../host.js").Lea} Lea
 */

/** @type {Host | null} */
const provided = await import("../host.js").catch(() => null);

/** Whether `host.js` could be loaded. */
export const isHosted = provided !== null;

/** The exports of `host.js`. Use only if `isHosted`. */
export const host = /** @type {Host} */ (provided);

/** The current time in milliseconds, as of `Date.now`. */
export const now = () => provided?.now?.() ?? Date.now();

/** Whether the user is a member of TOMS's staff, who may see all LEAs. Waits for sign-in. The default is no. */
export const isStaff = async () => await provided?.isStaff?.().catch(() => false) ?? false;
