/** The line with the help contact, at the end of a page. Hidden until a response of the API has named a contact. */

import { byId, element } from "./elements.js";
import { onLanguageSwitch, texts } from "./language.js";

/** @type {string | null} An email address, a phone number or a URL. */
let contact = null;

/**
 * Shows the contact. Keeps the current one if there is none.
 * @param {string | null | undefined} newContact
 */
export function showHelp(newContact) {
  contact = newContact ?? contact;
  render();
}

function render() {
  if (contact === null)
    return;
  const url = urlOf(contact);
  const shown = url === null ? contact : element("a", { class: "usa-link", href: url, translate: "no", ...(url === contact ? { target: "_blank", rel: "noreferrer" } : {}) }, contact);
  const [before, after] = texts.help.split("{contact}");
  byId("help").replaceChildren(before, shown, after);
  byId("help").hidden = false;
}

/** @param {string} contact */
function urlOf(contact) {
  if (/^https?:\/\/\S+$/.test(contact))
    return contact;
  if (/^[^\s@]+@[^\s@]+$/.test(contact))
    return `mailto:${contact}`;
  return /^\+?[\d ().-]+$/.test(contact) ? `tel:${contact.replaceAll(/[^+\d]/g, "")}` : null;
}

onLanguageSwitch(render);
