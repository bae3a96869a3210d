/**
 * Makes an element. Text goes in as text only: nothing here, or anywhere in the screens, is read as HTML.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * The page's element of this id, which the page's HTML promises.
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} [kind]
 * @returns {Kind}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof (kind ?? HTMLElement)))
    throw new Error(`The page has no such element as #${id}.`);
  return /** @type {Kind} */ (found);
}

/**
 * An alert of the design system.
 * @param {"info" | "warning" | "error" | "emergency"} tone
 * @param {"h2" | "h3"} level its title's, on the page
 * @param {string} title
 * @param {(Node | string)[]} paragraphs text, or what else there is below the title
 */
export function alert(tone, level, title, ...paragraphs) {
  return element("div", { class: `usa-alert usa-alert--${tone}` }, element("div", { class: "usa-alert__body" },
    element(level, { class: "usa-alert__heading" }, title),
    ...paragraphs.map(paragraph => typeof paragraph === "string" ? element("p", { class: "usa-alert__text" }, paragraph) : paragraph)));
}

/**
 * Tells people who do not see the screen what has changed on it.
 * @param {string} what
 */
export function announce(what) {
  byId("announcer").textContent = what;
}
