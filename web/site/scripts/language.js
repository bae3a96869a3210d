/** The screens' words, dates and times: in the language of the browser, until somebody switches it. */

/** @typedef {typeof import("../texts/en.js").default} Texts */

/** @type {Record<string, { other: string, load: () => Promise<{ default: Texts }> }>} */
const languages = {
  en: { other: "es", load: () => import("../texts/en.js") },
  es: { other: "en", load: () => import("../texts/es.js") },
};

/** Where the browser keeps which language somebody has switched to. A browser may forbid that it keeps anything. */
const storageKey = "sis-vendor-credentialing.language";

let language = [remembered(), ...navigator.languages.map(tag => tag.split("-")[0])].find(tag => tag !== null && Object.hasOwn(languages, tag)) ?? "en";

/** @type {Texts} The words of the current language; there are none before `ready`. */
export let texts;

/** When there are words; the other language's are better than none. */
export const ready = speak(language).catch(() => speak(other()));

/** @type {(() => void)[]} */
const readers = [];

/**
 * Calls this whenever the language has been switched.
 * @param {() => void} reader
 */
export function onSwitch(reader) {
  readers.push(reader);
}

/** The language that can be switched to. */
export function other() {
  return languages[language].other;
}

/** Goes on in the other language; nothing else of the page changes. Nothing at all does if its words cannot be loaded. */
export async function switchLanguage() {
  const next = other();
  try {
    await speak(next);
  } catch {
    return;
  }

  remember(next);
  for (const read of readers)
    read();
}

/** @param {string} next */
async function speak(next) {
  texts = (await languages[next].load()).default;
  language = next;
  document.documentElement.lang = next;
}

function remembered() {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

/** @param {string} spoken */
function remember(spoken) {
  try {
    localStorage.setItem(storageKey, spoken);
  } catch {
    // The next page asks the browser again.
  }
}

/**
 * A text with its values put in. Of a text that depends on a number, the form for `values.count` is taken.
 * @param {string | Record<string, string>} text
 * @param {Record<string, string | number>} values
 */
export function fill(text, values) {
  const form = typeof text === "string" ? text : text[new Intl.PluralRules(language).select(Number(values.count))] ?? text.other;
  return form.replace(/\{(\w+)\}/g, (_, name) => {
    if (!(name in values))
      throw new Error(`The text "${form}" lacks a value.`);
    return String(values[name]);
  });
}

/**
 * How many days from now, as it stands in a sentence.
 * @param {number} days
 */
export const inDays = days => days === 0 ? texts.days.today : fill(texts.days.left, { count: days });

/**
 * The same, with the time of day on the last day.
 * @param {number} days
 * @param {Moment} moment
 */
export const when = (days, moment) => days === 0 ? fill(texts.days.todayAt, { time: time(moment) }) : inDays(days);

/**
 * @typedef {object} Moment
 * @property {string} instant  in UTC, as ISO 8601 writes it
 * @property {string} timeZone the LEA's, where people look at the clock: its IANA name
 */

/** @param {Moment} moment "Tuesday, November 23, 2027" */
export const date = moment => format(moment, { dateStyle: "full" });

/** @param {Moment} moment "3:04 PM" */
export const time = moment => format(moment, { timeStyle: "short" });

/** @param {Moment} moment "Tuesday, November 23, 2027 at 3:04 PM Pacific Standard Time" */
export const dateAndTime = moment => format(
  moment, { weekday: "long", year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "long" });

/** @param {string} day a date without a time, as ISO 8601 writes it */
export const calendarDate = day => format({ instant: day, timeZone: "UTC" }, { dateStyle: "full" });

/**
 * @param {Moment} moment
 * @param {Intl.DateTimeFormatOptions} options
 */
function format({ instant, timeZone }, options) {
  // American dates and times in both languages; browsers put an unusual space before "PM".
  return new Intl.DateTimeFormat(`${language}-US`, { ...options, timeZone }).format(new Date(instant)).replaceAll(/[\u202f\u00a0]/g, " ");
}

/** Puts the words of the current language wherever the page's HTML names them: `data-text="home.title"`. */
export function translatePage() {
  for (const place of document.querySelectorAll("[data-text]"))
    place.textContent = find(/** @type {HTMLElement} */ (place).dataset.text ?? "");
  for (const place of document.querySelectorAll("[data-label]"))
    place.setAttribute("aria-label", find(/** @type {HTMLElement} */ (place).dataset.label ?? ""));
  document.title = `${document.querySelector("h1")?.textContent} · TOMS`;
}

/** @param {string} path */
function find(path) {
  const text = path.split(".").reduce((/** @type {any} */ found, name) => found?.[name], texts);
  if (typeof text !== "string")
    throw new Error(`There is no text ${path}.`);
  return text;
}
