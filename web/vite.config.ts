import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Old telephones are the only telephone of many citizens: syntax is lowered to what they read.
const target = ["chrome87", "firefox90", "safari15"];

/** Vite links style sheets that several pages share last; the theme has to come first, so that pages can refine it. */
const themeFirst: Plugin = {
  name: "theme-first",
  transformIndexHtml: {
    order: "post",
    handler(html) {
      const theme = /^ *<link rel="stylesheet"[^>]*\/theme-[^>]*>\n/m.exec(html)?.[0];
      return theme ? html.replace(theme, "").replace(/^ *<link rel="stylesheet"/m, (first) => theme + first) : html;
    },
  },
};

// The pages: dist/index.html, dist/widget.html, dist/agent/index.html, dist/demo-widget.html, hashed files in dist/assets.
const pages = defineConfig({
  appType: "mpa",
  plugins: [themeFirst],
  build: {
    target,
    outDir: "dist",
    // Nothing inlined as a data: address and no polyfill: the Content-Security-Policy stays 'self' only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        citizen: here("index.html"),
        widget: here("widget.html"),
        agent: here("agent/index.html"),
        demo: here("demo-widget.html"),
      },
    },
  },
  server: { proxy: { "/api": { target: process.env["RELAIS_DEV_TARGET"] ?? "http://127.0.0.1:8080", ws: true } } },
  test: { environment: "node", include: ["**/*.test.ts"] },
});

// The loader that other sites embed: one file under a stable name, a classic script that leaves nothing on `window`.
const loader = defineConfig({
  publicDir: false,
  build: {
    target,
    outDir: "dist",
    emptyOutDir: false,
    lib: { entry: here("widget/loader.ts"), formats: ["iife"], name: "relaisWidget", fileName: () => "widget.js" },
  },
});

export default defineConfig(({ mode }) => (mode === "loader" ? loader : pages));
