/** The frame of every page: skip link, navigation, language switch. */

import { element } from "./elements.js";
import { onSwitch, other, switchLanguage, translatePage } from "./language.js";
import { address } from "./site.js";

/**
 * Builds the frame. Translates the page now and at each language switch.
 * @param {"home" | "credentialing"} current
 */
export function frame(current) {
  const language = element("button", { type: "button", class: "usa-button usa-button--unstyled", "data-text": "navigation.otherLanguage" });
  language.addEventListener("click", switchLanguage);

  /** @param {"home" | "credentialing"} page @param {string} where */
  const tab = (page, where) => element("li", {}, element("a", {
    href: address(where),
    "data-text": `navigation.${page}`,
    ...(page === current ? { "aria-current": "page" } : {}),
  }));

  document.body.prepend(
    element("a", { class: "usa-skipnav", href: "#main", "data-text": "navigation.skip" }),
    element("header", { class: "frame" },
      element("div", { class: "frame__top" }, element("span", { class: "frame__name" }, "TOMS"), language),
      element("nav", { class: "frame__tabs", "data-label": "navigation.label" }, element("ul", { class: "usa-list usa-list--unstyled" },
        tab("home", "./"),
        tab("credentialing", "credentialing/")))));

  const translate = () => {
    language.lang = other();
    translatePage();
  };
  translate();
  onSwitch(translate);
}
