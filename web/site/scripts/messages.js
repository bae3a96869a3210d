/** The message area of a page: errors, warnings and notices, one at a time. */

import { alert, byId, element } from "./elements.js";
import { fill, onSwitch, texts } from "./language.js";
import { host } from "./session.js";

/** @typedef {import("./language.js").Texts} Texts */

/**
 * @typedef {object} Message
 * @property {keyof Texts["messages"]} name
 * @property {"info" | "warning" | "error"} [tone] default: error
 * @property {() => Record<string, string>} [values] in the current language
 * @property {{ name: keyof Texts["actions"], run: () => void | Promise<void> }} [action]
 * @property {boolean} [ofReading] whether a successful read makes it out of date
 */

/** @type {Message | null} */
let current = null;

/**
 * Replaces the current message; null removes it.
 * @param {Message | null} message
 */
export function show(message) {
  current = message;
  render();
}

/** Removes a message that is out of date after a successful read. */
export function hasBeenRead() {
  if (current?.ofReading)
    show(null);
}

/**
 * The message for a failed read.
 * @param {import("./api.js").Failure} result
 * @param {() => void} retry
 * @returns {Message}
 */
export function unread(result, retry) {
  /** @type {Message["action"]} */
  const again = { name: "retry", run: retry };
  if (result.kind !== "refused")
    return { name: result.kind, action: again, ofReading: true };
  switch (result.status) {
    case 401:
      return { name: "sessionEnded", tone: "warning", action: signIn(retry), ofReading: true };
    case 403:
      return { name: "notPermitted", ofReading: true };
    default:
      return { name: result.status === 429 || result.status > 500 ? "unavailable" : "unexpected", action: again, ofReading: true };
  }
}

/**
 * The action that signs in again and then continues. It stays available if sign-in fails.
 * @param {() => void} goOn
 * @returns {Message["action"]}
 */
export const signIn = goOn => ({
  name: "signIn",
  run: async () => {
    try {
      await host.signIn();
    } catch {
      return;
    }

    goOn();
  },
});

function render() {
  const place = byId("message");
  const hadFocus = place.contains(document.activeElement);
  place.replaceChildren(...(current === null ? [] : [made(current)]));
  if (hadFocus)
    (place.querySelector("button") ?? byId("main")).focus();
}

/** @param {Message} message */
function made({ name, tone = "error", values = () => ({}), action }) {
  const { title, text } = texts.messages[name];
  const buttons = [];
  if (action !== undefined) {
    const button = element("button", { type: "button", class: "usa-button" }, texts.actions[action.name]);
    let running = false;
    button.addEventListener("click", async () => {
      if (running)
        return;
      running = true;
      await action.run();
      running = false;
    });
    buttons.push(button);
  }

  return alert(tone, "h2", fill(title, values()), fill(text, values()), ...buttons);
}

onSwitch(render);
