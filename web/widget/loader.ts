/**
 * widget.js: puts a button on any site that opens the chat in a frame. One classic script without dependency: it leaves
 * nothing on `window`, keeps its looks in a shadow root, and reads only `data-` attributes of its own <script>
 * (docs/web.md lists them).
 */

const EXIT = "https://www.google.fr/";
const ERASE_MS = 300;
const ESCAPE_MS = 800;

const css = `
:host { all: initial; }
button {
  position: fixed; z-index: 2147483000; inset-block-end: max(1.25rem, env(safe-area-inset-bottom)); right: 1.25rem;
  display: inline-flex; gap: .625rem; align-items: center; min-height: 3.5rem; padding: .5rem 1.375rem .5rem 1.125rem;
  border: 1px solid transparent; border-radius: 1.75rem; cursor: pointer;
  background: var(--relais-widget-color, #1d5a87); color: var(--relais-widget-text, #fff);
  font: 600 1rem/1.25 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
  box-shadow: 0 2px 6px rgb(0 0 0 / 18%), 0 8px 24px rgb(0 0 0 / 20%);
  transition: transform 160ms, box-shadow 160ms;
}
button:hover { transform: translateY(-2px); box-shadow: 0 4px 10px rgb(0 0 0 / 20%), 0 12px 32px rgb(0 0 0 / 24%); }
button:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #0b57d0; }
svg { flex: none; width: 1.5rem; height: 1.5rem; fill: none; stroke: currentcolor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.news { width: .75rem; height: .75rem; border: 2px solid #fff; border-radius: 50%; background: #d92d20; }
iframe {
  position: fixed; z-index: 2147483001; right: 1.25rem; inset-block-end: 5.75rem;
  width: min(25rem, calc(100vw - 2.5rem)); height: min(44rem, calc(100vh - 7rem));
  border: 1px solid rgb(0 0 0 / 12%); border-radius: 1rem; background: #fff; color-scheme: light dark;
  box-shadow: 0 4px 12px rgb(0 0 0 / 14%), 0 16px 48px rgb(0 0 0 / 24%);
}
.left button { right: auto; left: 1.25rem; }
.left iframe { right: auto; left: 1.25rem; }
[hidden] { display: none !important; }
@media (prefers-color-scheme: dark) { iframe { background: #1a2129; border-color: #303b47; } }
@media (max-width: 32rem), (max-height: 30rem) {
  iframe { inset: 0; width: 100%; height: 100%; border: 0; border-radius: 0; }
  .open button { display: none; }
}
@media (prefers-reduced-motion: reduce) { button { transition: none; } button:hover { transform: none; } }
@media (forced-colors: active) { button, iframe { border: 1px solid; } }
`;

function start(script: HTMLScriptElement): void {
  const server = new URL(script.src).origin;
  const label = script.dataset["label"] ?? "Besoin d’aide\u00a0?";
  const title = script.dataset["title"] ?? "Discussion avec l’aide en ligne";

  const place = document.createElement("div");
  place.dataset["relaisWidget"] = "";
  const shadow = place.attachShadow({ mode: "open" });
  style(shadow);

  const box = document.createElement("div");
  box.classList.toggle("left", script.dataset["side"] === "left");
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-haspopup", "dialog");
  const words = document.createElement("span");
  words.textContent = label;
  const news = document.createElement("span");
  news.className = "news";
  news.setAttribute("role", "img");
  news.setAttribute("aria-label", "nouveau message");
  news.hidden = true;
  button.append(icon(), words, news);
  box.append(button);
  shadow.append(box);
  document.body.append(place);

  let frame: HTMLIFrameElement | null = null;
  let escapes: number[] = [];
  let leaving = false;
  const isOpen = (): boolean => frame !== null && !frame.hidden;
  const tell = (what: string): void => frame?.contentWindow?.postMessage({ relais: what }, server);

  function open(): void {
    if (!frame) {
      frame = document.createElement("iframe");
      frame.id = "relais-frame";
      frame.title = title;
      frame.src = `${server}/widget`;
      frame.referrerPolicy = "no-referrer";
      frame.addEventListener("load", () => tell("opened"));
      button.setAttribute("aria-controls", frame.id);
      box.prepend(frame);
    }
    frame.hidden = false;
    news.hidden = true;
    box.classList.add("open");
    button.setAttribute("aria-expanded", "true");
    frame.focus();
    tell("opened");
  }

  function close(): void {
    if (!frame || frame.hidden) return;
    frame.hidden = true;
    box.classList.remove("open");
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }

  function leave(to: unknown): void {
    leaving = true;
    frame?.remove();
    location.replace(typeof to === "string" && to.startsWith("https://") ? to : EXIT);
  }

  /** Escape closes; three in a row leave, wherever the focus was when they were pressed. */
  function escaped(at: number): void {
    const last = escapes[escapes.length - 1];
    escapes = last !== undefined && at - last < ESCAPE_MS ? [...escapes, at] : [at];
    close();
    if (escapes.length < 3 || leaving) return;
    leaving = true;
    document.documentElement.hidden = true;
    tell("erase");
    setTimeout(() => leave(EXIT), ERASE_MS); // unless the frame answers first
  }

  button.addEventListener("click", () => (isOpen() ? close() : open()));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.repeat && frame) escaped(performance.now());
  });
  addEventListener("message", (event: MessageEvent<unknown>) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== server) return;
    const data = event.data;
    if (typeof data !== "object" || data === null || !("relais" in data)) return;
    if (data.relais === "close") close();
    if (data.relais === "escape") escaped(performance.now());
    if (data.relais === "news") news.hidden = isOpen();
    if (data.relais === "leave" || data.relais === "erased") leave("to" in data ? data.to : EXIT);
  });
}

/** A constructed sheet passes a strict Content-Security-Policy of the host; older browsers get a <style>. */
function style(shadow: ShadowRoot): void {
  if ("adoptedStyleSheets" in shadow) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets = [sheet];
    return;
  }
  const element = document.createElement("style");
  element.textContent = css;
  (shadow as ShadowRoot).append(element);
}

function icon(): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute(
    "d",
    "M5 4h14a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-5l-5 4v-4H5a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3zM8 10.5h.01M12 10.5h.01M16 10.5h.01",
  );
  drawing.append(path);
  return drawing;
}

const script = document.currentScript;
if (!(script instanceof HTMLScriptElement)) {
  console.error("widget.js: load it with a classic <script src>, not as a module.");
} else if (!document.querySelector("[data-relais-widget]")) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => start(script));
  else start(script);
}
