/** Checks of values that the page receives. */

/**
 * Whether the browser knows a time zone.
 * @param {any} timeZone
 */
export function isTimeZone(timeZone) {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** @param {any} text */
export const isDate = text => isInstant(text) && /^\d{4}-\d{2}-\d{2}$/.test(text);

/** @param {any} text */
export const isInstant = text => typeof text === "string" && !Number.isNaN(Date.parse(text));
