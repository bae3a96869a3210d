/** Lists that the API returns in pages. "Show more" reads the next page. */

import { announce, element } from "./elements.js";
import { showHelp } from "./help.js";
import { fill, onLanguageSwitch, texts } from "./language.js";
import { readFailureMessage, removeOutdatedMessage, showMessage } from "./messages.js";

/**
 * Adds a list to an element. Call it when the texts are loaded.
 * @template Item
 * @param {HTMLElement} place
 * @param {object} options
 * @param {string} options.titleId id of the heading of the list
 * @param {keyof import("./language.js").Texts["notLoaded"]} options.content what the list contains, for the message of a failure
 * @param {() => string} options.none text if the list is empty
 * @param {(after: string | null) => Promise<import("./api.js").Outcome<{ items: Item[], next: string | null }>>} options.read
 * @param {(item: Item) => (Node | string)[]} options.render content of the item's element, in the current language
 */
export function addPagedList(place, { titleId, content, none, read, render }) {
  const status = element("p", { role: "status" });
  const list = element("ul", { class: "usa-list usa-list--unstyled rows", "aria-labelledby": titleId });
  const more = element("button", { type: "button", class: "usa-button usa-button--outline" });

  /** @type {Item[]} */
  let items = [];
  /** @type {string | null} */
  let next = null;
  /** @type {"reading" | "complete" | "failed"} */
  let state = "complete";
  /** Number of the latest read. Responses to earlier reads are ignored. */
  let latestRead = 0;
  let isEmptied = true;

  /** Reads the first page, and removes what was shown. */
  async function restart() {
    clear();
    isEmptied = false;
    await readPage();
  }

  /** Removes what was shown, and ignores the response of a read in progress. */
  function clear() {
    latestRead++;
    [items, next, state, isEmptied] = [[], null, "complete", true];
    list.replaceChildren();
    renderState();
  }

  async function readPage() {
    const thisRead = ++latestRead;
    const shown = items.length;
    state = "reading";
    renderState();
    const result = await read(next);
    if (thisRead !== latestRead)
      return;
    if (result.kind !== "success") {
      state = "failed";
      showHelp(result.kind === "error" ? result.help : null);
      showMessage(readFailureMessage(result, content, readPage));
      renderState();
      return;
    }

    next = result.body.next;
    if (result.body.items.length === 0 && next !== null) {
      await readPage(); // a page without items that match is not the last one
      return;
    }

    state = "complete";
    removeOutdatedMessage();
    items.push(...result.body.items);
    const hadFocus = document.activeElement === more;
    list.append(...result.body.items.map(row));
    renderState();
    if (shown > 0)
      announce(fill(texts.history.added, { count: result.body.items.length }));
    // The button is gone after the last page, so the focus goes on to the first new item.
    const first = list.children[shown];
    if (hadFocus && next === null && first instanceof HTMLElement) {
      first.tabIndex = -1;
      first.focus();
    }
  }

  /** @param {Item} item */
  function row(item) {
    return element("li", {}, ...render(item));
  }

  function renderState() {
    status.textContent =
      state === "reading" ? texts.history.loading
      : state === "failed" || isEmptied || items.length > 0 || next !== null ? ""
      : none();
    more.textContent = texts.history.more;
    more.hidden = next === null;
    more.setAttribute("aria-disabled", String(state === "reading"));
  }

  more.addEventListener("click", () => {
    if (state !== "reading")
      readPage();
  });

  onLanguageSwitch(() => {
    list.replaceChildren(...items.map(row));
    renderState();
  });
  place.append(status, list, more);
  renderState();
  return { restart, clear };
}
