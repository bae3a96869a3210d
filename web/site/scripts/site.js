/** Where this site is: at the root of its host, or in a folder of another site. */
const root = new URL("..", import.meta.url);

/**
 * The full address of something that is given relative to the site.
 * @param {string} relative
 */
export const address = relative => new URL(relative, root).href;
