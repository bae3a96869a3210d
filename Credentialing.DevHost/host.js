/**
 * DevHost's host page of the screens. Signs in as a persona without a password, and shows and advances DevHost's clock.
 * web/site/host.d.ts describes the exports. The module imports nothing from the screens: their built scripts have other names.
 */

/**
 * @typedef {object} Persona
 * @property {string} id
 * @property {string} name
 * @property {import("../web/site/host.js").Lea[]} leas
 *
 * @typedef {object} SignedIn  stored in the browser's local storage
 * @property {Persona} persona
 * @property {string} token
 */

export const api = "/api/";

const storageKey = "devhost";
const bar = element("aside", { class: "bg-base-lightest padding-1 text-center", lang: "en", "aria-label": "DevHost" });
document.body.append(bar);

/** @type {SignedIn | null} */
let signedIn = JSON.parse(localStorage.getItem(storageKey) ?? "null");

/** DevHost's clock minus the browser's, in milliseconds. */
let clockOffset = 0;
const filled = fillBar();

/** @type {Promise<void> | null} The sign-in in progress that the page has requested. */
let signingIn = null;

export const leas = async () => (await signedInPersona()).leas;

/** The persona without LEAs is TOMS. */
export const isStaff = async () => (await leas()).length === 0;

export async function accessToken() {
  await filled; // the screens need the time when they show a response
  return String(signedIn?.token);
}

/** Waits for sign-in. Several callers share one dialog. */
async function signedInPersona() {
  while (signedIn === null)
    await (signingIn ??= signIn().finally(() => signingIn = null));
  return signedIn.persona;
}

export const now = () => Date.now() + clockOffset;

export async function signIn() {
  const before = signedIn?.persona.id;
  /** @type {Persona[]} */
  const personas = await (await fetch("/dev/personas")).json();
  const persona = await pick(personas);
  if (persona === null)
    return;
  const token = await (await fetch("/dev/sign-in", { method: "POST", body: new URLSearchParams({ persona: persona.id }) })).text();
  signedIn = { persona, token };
  localStorage.setItem(storageKey, JSON.stringify(signedIn));
  if (before !== undefined && before !== persona.id)
    location.reload();
  fillBar();
}

/**
 * @param {Persona[]} personas
 * @returns {Promise<Persona | null>}
 */
function pick(personas) {
  const dialog = element("dialog", { class: "usa-modal", lang: "en", "aria-labelledby": "devhost-title" },
    element("div", { class: "usa-modal__content" }, element("div", { class: "usa-modal__main" },
      element("h2", { id: "devhost-title", class: "usa-modal__heading" }, "DevHost: who are you?"),
      element("ul", { class: "usa-list usa-list--unstyled" }, ...personas.map(({ id, name, leas }) => element("li", { class: "margin-top-1" },
        element("button", { type: "button", class: "usa-button usa-button--outline width-full", value: id },
          leas.length === 0 ? `${name} staff: all LEAs` : `${name}: ${leas.map(lea => lea.name).join("; ")}`)))))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise(resolve => {
    dialog.addEventListener("click", event => {
      if (event.target instanceof HTMLButtonElement)
        dialog.close(event.target.value);
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(personas.find(({ id }) => id === dialog.returnValue) ?? null);
    });
  });
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function element(tag, attributes, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    created.setAttribute(name, value);
  created.append(...children);
  return created;
}

async function fillBar() {
  const switchPersona = element("button", { type: "button", class: "usa-button usa-button--unstyled" }, "Switch user");
  switchPersona.addEventListener("click", signIn);
  const who = signedIn === null ? [] : [`DevHost: signed in as ${signedIn.persona.name}. `, switchPersona, "."];
  bar.replaceChildren(...who, ...await clock());
}

/** Returns the clock and its buttons; nothing in tests, whose clock cannot be advanced. */
async function clock() {
  const response = await fetch("/dev/clock");
  if (!response.ok)
    return [];
  const time = new Date((await response.json()).now);
  clockOffset = time.getTime() - Date.now();
  const advance = [1, 7, 30, 300].map(days => {
    const button = element("button", { type: "button", class: "usa-button usa-button--unstyled" }, `${days} ${days === 1 ? "day" : "days"}`);
    button.addEventListener("click", async () => {
      await fetch("/dev/clock", { method: "POST", body: new URLSearchParams({ days: String(days) }) });
      location.reload();
    });
    return button;
  });
  return [
    ` Clock: ${time.toLocaleString("en-US", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" })} UTC. Advance it by `,
    ...advance.flatMap((button, index) => [...(index > 0 ? [", "] : []), button]),
    ".",
  ];
}
