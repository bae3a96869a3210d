// Builds the site to publish: from `site` and its npm packages into `dist`. See README.md.
import { build } from "esbuild";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PurgeCSS } from "purgecss";

const site = join(import.meta.dirname, "site");
const dist = join(import.meta.dirname, "dist");

/** A reference of a page to a file that is built. */
const reference = /(?<=(?:href|src)="(?:\.\.\/)*)(?:favicon\.svg|screens\.css|scripts\/[\w-]+\.js)(?=")/g;

const sources = await filesOf(site);
const pages = new Map(await Promise.all(sources.filter(file => file.endsWith(".html")).map(async page => [page, await readFile(join(site, page), "utf8")])));

/** The file in `dist` → its content. */
const files = new Map([["staticwebapp.config.json", await readFile(join(site, "staticwebapp.config.json"))]]);

/** A file that a page references → the file in `dist`. */
const built = new Map();

await Promise.all([...new Set([...pages.values()].flatMap(page => page.match(reference)))].map(buildFile));
for (const [path, page] of pages)
  files.set(path, Buffer.from(page.replaceAll(reference, file => built.get(file))));
await writeFiles();

/**
 * Builds a file with all that it imports, except the texts of the languages: `language.js` loads those of one language. The names contain
 * a hash of the content.
 * @param {string} file
 */
async function buildFile(file) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: site,
    entryPoints: [file],
    outdir: dist,
    ...Object.fromEntries(["entryNames", "chunkNames", "assetNames"].map(names => [names, "assets/[name]-[hash]"])),
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    loader: { ".svg": "copy", ".woff2": "copy" },
    plugins: [{ name: "screens", setup: addRules }],
    metafile: true,
    write: false,
  });
  for (const { path, contents } of outputFiles)
    files.set(path.slice(dist.length + 1), Buffer.from(contents));
  const [output] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === file);
  built.set(file, output.replace("../dist/", ""));
}

/** @param {import("esbuild").PluginBuild} build */
function addRules(build) {
  build.onResolve({ filter: /\/host\.js$/ }, ({ path }) => ({ path, external: true })); // the publisher adds it to the folder above `assets`
  build.onLoad({ filter: /\/uswds\.min\.css$/ }, async ({ path }) => ({ contents: await usedRules(path), loader: "css" }));
}

/**
 * The rules of the design system for the elements and classes that occur in the screens or in DevHost's part of them.
 * @param {string} css
 */
async function usedRules(css) {
  const content = [...sources.filter(file => /\.(html|js)$/.test(file)), "../../Credentialing.DevHost/host.js"].map(file => join(site, file));
  const texts = await Promise.all(content.map(file => readFile(file, "utf8")));
  // The scripts compose class names, such as `usa-alert--${tone}`: the rules of all classes with this prefix are used.
  const prefixes = texts.flatMap(text => [...text.matchAll(/([\w-]+-)\$\{/g)].map(([, prefix]) => new RegExp(`^${prefix}`)));
  const [used] = await new PurgeCSS().purge({ css: [css], content, safelist: prefixes, keyframes: true, variables: true });
  // The screens use one font, in two weights.
  return used.css.replaceAll(/@font-face\{[^}]*\}/g, font => /sourcesanspro-(regular|bold)-webfont/.test(font) ? font : "");
}

/**
 * Writes the files that have changed. A server can read `dist` meanwhile, and another build can run: each file is replaced in one step,
 * the pages after the files that they reference.
 */
async function writeFiles() {
  const temporary = await mkdtemp(join(import.meta.dirname, ".dist-"));
  try {
    for (const [path, content] of [...files].sort(([path]) => path.endsWith(".html") ? 1 : -1)) {
      const file = join(dist, path);
      if (content.equals(await readFile(file).catch(() => Buffer.of())))
        continue;
      await mkdir(dirname(file), { recursive: true });
      await writeFile(join(temporary, "file"), content);
      await rename(join(temporary, "file"), file);
    }
  } finally {
    await rm(temporary, { recursive: true });
  }

  for (const outdated of (await filesOf(dist)).filter(file => !files.has(file)))
    await rm(join(dist, outdated), { force: true });
}

/**
 * The files in a folder and its folders.
 * @param {string} folder
 */
async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
