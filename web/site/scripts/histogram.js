/** Bar charts as SVG. Its readers see the same numbers in a table, so that the picture itself is hidden from screen readers. */

const namespace = "http://www.w3.org/2000/svg";

// Lengths in the units of the view box.
const width = 640;
const rowHeight = 28;
const barHeight = 18;
const labelWidth = 150;
const countWidth = 60;

/**
 * Creates a picture with one horizontal bar for each count.
 * @param {{ label: string, count: number }[]} bars
 */
export function createHistogram(bars) {
  const largest = Math.max(1, ...bars.map(({ count }) => count));
  const picture = svg("svg", { class: "histogram", viewBox: `0 0 ${width} ${bars.length * rowHeight}`, "aria-hidden": "true", focusable: "false" });
  bars.forEach(({ label, count }, index) => {
    const middle = index * rowHeight + rowHeight / 2;
    const length = count / largest * (width - labelWidth - countWidth);
    picture.append(
      svg("text", { x: labelWidth - 10, y: middle, "text-anchor": "end", "dominant-baseline": "central" }, label),
      svg("rect", { x: labelWidth, y: middle - barHeight / 2, width: count === 0 ? 0 : Math.max(1, length), height: barHeight }),
      svg("text", { x: labelWidth + length + 8, y: middle, "dominant-baseline": "central" }, count.toLocaleString(document.documentElement.lang)));
  });
  return picture;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string[]} children
 */
function svg(name, attributes, ...children) {
  const created = document.createElementNS(namespace, name);
  for (const [attribute, value] of Object.entries(attributes))
    created.setAttribute(attribute, String(value));
  created.append(...children);
  return created;
}
