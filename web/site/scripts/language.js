/** Texts, dates and times of the screens, in the browser's language unless the user switches it. */

/** @typedef {typeof import("../texts/en.js").default} Texts */

/** @type {Record<string, { other: string, load: () => Promise<{ default: Texts }> }>} */
const languages = {
  en: { other: "es", load: () => import("../texts/en.js") },
  es: { other: "en", load: () => import("../texts/es.js") },
};

/** Local storage key of the user's language. Browsers may deny access to local storage. */
const storageKey = "sis-vendor-credentialing.language";

let language = [storedLanguage(), ...navigator.languages.map(tag => tag.split("-")[0])].find(tag => tag !== null && Object.hasOwn(languages, tag)) ?? "en";

/** @type {Texts} Texts of the current language; undefined before `ready`. */
export let texts;

/** Resolves when the texts are loaded. Falls back to the other language. */
export const ready = useLanguage(language).catch(() => useLanguage(otherLanguage()));

/** @type {(() => void)[]} Callbacks for language switches. */
const listeners = [];

/**
 * Registers a callback for language switches.
 * @param {() => void} listener
 */
export function onLanguageSwitch(listener) {
  listeners.push(listener);
}

/** The language that the switch selects next. */
export function otherLanguage() {
  return languages[language].other;
}

/** Switches to the other language without a reload. Does nothing if its texts cannot be loaded. */
export async function switchLanguage() {
  const next = otherLanguage();
  try {
    await useLanguage(next);
  } catch {
    return;
  }

  storeLanguage(next);
  for (const listener of listeners)
    listener();
}

/**
 * Loads the texts of a language and makes it the current language.
 * @param {string} next
 */
async function useLanguage(next) {
  texts = (await languages[next].load()).default;
  language = next;
  document.documentElement.lang = next;
}

function storedLanguage() {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

/** @param {string} chosen */
function storeLanguage(chosen) {
  try {
    localStorage.setItem(storageKey, chosen);
  } catch {
    // The next page uses the browser's language.
  }
}

/**
 * Replaces the placeholders of a text. A text with plural forms uses the form for `values.count`.
 * @param {string | Record<string, string>} text
 * @param {Record<string, string | number>} values
 */
export function fill(text, values) {
  const form = typeof text === "string" ? text : text[new Intl.PluralRules(language).select(Number(values.count))] ?? text.other;
  return form.replace(/\{(\w+)\}/g, (_, name) => {
    if (!(name in values))
      throw new Error(`The text "${form}" has no value for ${name}.`);
    return String(values[name]);
  });
}

/**
 * The remaining days as words, for use in a sentence.
 * @param {number} days
 */
export const inDays = days => days === 0 ? texts.days.today : fill(texts.days.left, { count: days });

/**
 * The same as `inDays`, with the time of day on the last day.
 * @param {number} days
 * @param {Moment} moment
 */
export const when = (days, moment) => days === 0 ? fill(texts.days.todayAt, { time: time(moment) }) : inDays(days);

/**
 * @typedef {object} Moment
 * @property {string} instant  UTC, ISO 8601
 * @property {string} timeZone time zone of the LEA, IANA name
 */

/** @param {Moment} moment "Tuesday, November 23, 2027" */
export const date = moment => format(moment, { dateStyle: "full" });

/** @param {Moment} moment "3:04 PM Pacific Time" */
export const time = moment => format(moment, { hour: "numeric", minute: "2-digit", timeZoneName: "longGeneric" });

/** @param {Moment} moment "Tuesday, November 23, 2027 at 3:04 PM Pacific Time" */
export const dateAndTime = moment => format(
  moment, { weekday: "long", year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "longGeneric" });

/** @param {Moment} moment "Nov 23, 2027, 3:04 PM PST", for lists */
export const shortDateAndTime = moment => format(
  moment, { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short" });

/** @param {Moment} moment "3:04 PM Pacific Time on Tuesday, November 23, 2027" */
export const timeOnDate = moment => fill(texts.timeOnDate, { time: time(moment), date: date(moment) });

/**
 * A day of the next days: "Friday", or "today", or "Friday, December 4" if "Friday" could also be today.
 * @param {Moment} moment
 * @param {number} now
 */
export const nearDay = (moment, now) => {
  const days = daysUntil(moment, now);
  if (days <= 0)
    return texts.days.today;
  return fill(texts.days.weekday, { day: format(moment, { weekday: "long", ...(days < 7 ? {} : { month: "long", day: "numeric" }) }) });
};

/**
 * Calendar days from now to a moment, in its time zone. Negative for the past.
 * @param {Moment} moment
 * @param {number} now milliseconds, as of `Date.now`
 */
export const daysUntil = ({ instant, timeZone }, now) => dayNumber(instant, timeZone) - dayNumber(now, timeZone);

/**
 * Calendar days from a date without a time to now.
 * @param {string} day ISO 8601, in the time zone
 * @param {string} timeZone IANA name
 * @param {number} now
 */
export const daysSince = (day, timeZone, now) => dayNumber(now, timeZone) - dayNumber(day, "UTC");

/** @param {string | number} instant @param {string} timeZone */
const dayNumber = (instant, timeZone) => Date.parse(new Intl.DateTimeFormat("sv-SE", { timeZone }).format(new Date(instant))) / 86_400_000; // formats as yyyy-MM-dd

/** @param {string} day date without a time, ISO 8601 */
export const calendarDate = day => format({ instant: day, timeZone: "UTC" }, { dateStyle: "full" });

/** @param {string} yearAndMonth such as "2027-11": "November 2027" */
export const month = yearAndMonth => format({ instant: `${yearAndMonth}-01`, timeZone: "UTC" }, { year: "numeric", month: "long" });

/** @param {string} tag of a language, such as "es": "Spanish" */
export const languageName = tag => new Intl.DisplayNames(language, { type: "language" }).of(tag) ?? tag;

/**
 * @param {Moment} moment
 * @param {Intl.DateTimeFormatOptions} options
 */
function format({ instant, timeZone }, options) {
  // US formats in both languages. Browsers put a narrow no-break space before "PM".
  return new Intl.DateTimeFormat(`${language}-US`, { ...options, timeZone }).format(new Date(instant)).replaceAll(/[\u202f\u00a0]/g, " ");
}

/** Sets the texts of all elements with `data-text` or `data-label`, such as `data-text="home.title"`. */
export function translatePage() {
  for (const element of document.querySelectorAll("[data-text]"))
    element.textContent = textAt(/** @type {HTMLElement} */ (element).dataset.text ?? "");
  for (const element of document.querySelectorAll("[data-label]"))
    element.setAttribute("aria-label", textAt(/** @type {HTMLElement} */ (element).dataset.label ?? ""));
  document.title = `${document.querySelector("h1")?.textContent} · TOMS`;
}

/** @param {string} path */
function textAt(path) {
  const text = path.split(".").reduce((/** @type {any} */ found, name) => found?.[name], texts);
  if (typeof text !== "string")
    throw new Error(`There is no text with the path ${path}.`);
  return text;
}
