// Copies the used parts of the U.S. Web Design System into the site, which needs no other build step.
import { cp, rm } from "node:fs/promises";

const from = new URL("node_modules/@uswds/uswds/dist/", import.meta.url);
const to = new URL("site/uswds/", import.meta.url);
const used = ["css/uswds.min.css", "fonts/merriweather", "fonts/roboto-mono", "fonts/source-sans-pro", "img/correct8.svg", "img/correct8-alt.svg", "img/usa-icons", "img/usa-icons-bg"];

await rm(to, { recursive: true, force: true });
for (const path of used)
  await cp(new URL(path, from), new URL(path, to), { recursive: true, filter: file => !/\.(ttf|woff)$/.test(file) });
