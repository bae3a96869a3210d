/** URLs of this site, which is at the root of its origin or in a folder of another site. */
const root = new URL("..", import.meta.url);

/**
 * The absolute URL of a path relative to the site.
 * @param {string} relative
 */
export const absoluteUrl = relative => new URL(relative, root).href;
