/** The message area of a page: errors, warnings and notices, one at a time. */

import { alert, byId, element } from "./elements.js";
import { fill, onLanguageSwitch, texts } from "./language.js";
import { host } from "./session.js";

/** @typedef {import("./language.js").Texts} Texts */

/**
 * @typedef {object} Message
 * @property {keyof Texts["messages"]} name
 * @property {"info" | "warning" | "error"} [tone] default: error
 * @property {() => Record<string, string>} [values] in the current language
 * @property {{ name: keyof Texts["actions"], run: () => void | Promise<void> }} [action]
 * @property {boolean} [outdatedByRead] whether a successful read makes it out of date; default: false
 */

/** @type {Message | null} */
let current = null;

/**
 * Replaces the current message; null removes it.
 * @param {Message | null} message
 */
export function showMessage(message) {
  current = message;
  render();
}

/** Removes the current message if a successful read makes it out of date. */
export function removeOutdatedMessage() {
  if (current?.outdatedByRead)
    showMessage(null);
}

/**
 * The message for a failed read.
 * @param {import("./api.js").Failure} result
 * @param {keyof Texts["notLoaded"]} content what could not be read
 * @param {() => void} retry
 * @returns {Message}
 */
export function readFailureMessage(result, content, retry) {
  const common = { values: () => ({ notLoaded: texts.notLoaded[content] }), outdatedByRead: true };
  /** @type {Message["action"]} */
  const retryAction = { name: "retry", run: retry };
  if (result.kind !== "error")
    return { name: result.kind, action: retryAction, ...common };
  switch (result.status) {
    case 401:
      return { name: "sessionEnded", tone: "warning", action: signInAction(retry), ...common };
    case 403:
      return { name: "notPermitted", ...common };
    default:
      return { name: result.status === 429 || result.status > 500 ? "unavailable" : "unexpected", action: retryAction, ...common };
  }
}

/**
 * The action to sign in again and then continue. It stays available if sign-in fails.
 * @param {() => void} proceed
 * @returns {Message["action"]}
 */
export const signInAction = proceed => ({
  name: "signIn",
  run: async () => {
    try {
      await host.signIn();
    } catch {
      return;
    }

    proceed();
  },
});

function render() {
  const area = byId("message");
  const hadFocus = area.contains(document.activeElement);
  area.replaceChildren(...(current === null ? [] : [createAlert(current)]));
  if (hadFocus)
    (area.querySelector("button") ?? byId("main")).focus();
}

/** @param {Message} message */
function createAlert({ name, tone = "error", values = () => ({}), action }) {
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

onLanguageSwitch(render);
