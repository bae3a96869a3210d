/** Files that the browser saves. */

import { element } from "./elements.js";

/** After this time, the browser has saved the file. */
const savingTime = 60_000; // milliseconds

/**
 * Saves content as a file in the user's downloads.
 * @param {Blob} content
 * @param {string} name
 */
export function saveFile(content, name) {
  const url = URL.createObjectURL(content);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), savingTime);
}
