// Fails when the citizen's chat grows over its budget, or when a built page breaks the Content-Security-Policy.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_KB = { "index.html": 40, "widget.html": 40, "widget.js": 4 }; // gzipped JavaScript, 1 kB = 1,000 bytes
const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const problems = [];

/** Every script that a page loads, the imports of imports included. */
function scriptsOf(page) {
  const html = readFileSync(dist + page, "utf8");
  if (/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/i.test(html)) problems.push(`${page}: inline script or style`);
  const found = new Set();
  const visit = (path) => {
    if (found.has(path)) return;
    found.add(path);
    const source = readFileSync(dist + path, "utf8");
    for (const [, name] of source.matchAll(/["'`](?:\.\/|assets\/)?([\w.-]+\.js)["'`]/g)) visit(`assets/${name}`);
  };
  for (const [, path] of html.matchAll(/(?:src|href)="\/(assets\/[\w.-]+\.js)"/g)) visit(path);
  return [...found];
}

for (const [page, budget] of Object.entries(BUDGET_KB)) {
  const scripts = page.endsWith(".js") ? [page] : scriptsOf(page);
  if (scripts.length === 0) problems.push(`${page}: no script found`);
  let bytes = 0;
  for (const path of scripts) {
    const source = readFileSync(dist + path);
    bytes += gzipSync(source, { level: 9 }).length;
    if (/\beval\(|new Function\(/.test(source.toString())) problems.push(`${path}: eval`);
  }
  const size = bytes / 1000;
  console.log(`${page}: ${size.toFixed(1)} kB of JavaScript gzipped, budget ${budget} kB (${scripts.join(", ")})`);
  if (size > budget) problems.push(`${page}: ${size.toFixed(1)} kB, budget ${budget} kB`);
}

const loader = readFileSync(`${dist}widget.js`, "utf8");
if (!/^\(function\(\)|^\(\(\)=>/.test(loader) || /\b(import|export)\b\s*[{*(]/.test(loader)) {
  problems.push("widget.js: not one closed function, it would leave names on the host page");
}

for (const problem of problems) console.error(`check-size: ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
