/** The citizen's page (index.html) and the widget's frame (widget.html): same code, another `data-page`. */
import { render } from "preact";
import { App } from "./app";
import { Conversation } from "./conversation";
import { destination, inWidget, leave, tellHost, tripleEscape, vanish } from "./exit";
import { lastForeignSeq } from "./timeline";

const root = document.getElementById("app");
if (!root) throw new Error("no #app in the page");
const conversation = new Conversation();
const stop = (): void => {
  conversation.stop();
  render(null, root);
};
const goAway = (): void => leave(stop);

root.replaceChildren();
render(<App conversation={conversation} leave={goAway} />, root);

const escaped = tripleEscape();
addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || event.repeat) return;
    if (escaped(event.timeStamp)) return goAway();
    // In a dialog, Escape closes the dialog; widget.js closes the widget and counts the presses that follow.
    if (inWidget() && !document.querySelector("dialog[open]")) tellHost({ relais: "escape" });
  },
  true,
);

addEventListener("message", (event: MessageEvent<unknown>) => {
  if (!inWidget() || event.source !== window.parent) return;
  const data = event.data;
  if (typeof data !== "object" || data === null || !("relais" in data)) return;
  if (data.relais === "erase") {
    vanish(stop);
    tellHost({ relais: "erased", to: destination() });
  }
  if (data.relais === "opened") document.getElementById("message")?.focus();
});

// Someone answers while nobody looks: a sign in the title of the tab or on the widget's button, never a word of it.
const title = document.title;
let newest = 0;
conversation.subscribe(() => {
  const seq = lastForeignSeq(conversation.state.events);
  if (seq <= newest) return;
  newest = seq;
  if (document.hidden) document.title = `(1) ${title}`;
  if (inWidget()) tellHost({ relais: "news" });
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.title = title;
});

// A page kept for the Back button must not show a conversation that was left in a hurry.
addEventListener("pageshow", (event) => {
  if (event.persisted && document.documentElement.classList.contains("vanished")) location.reload();
});

// iOS lays its keyboard over the page: the visible height is given to the style sheet (not while zoomed in by hand).
const view = window.visualViewport;
function fit(): void {
  if (!view || view.scale > 1.01) return;
  document.documentElement.style.setProperty("--visible-height", `${Math.round(view.height)}px`);
  document.documentElement.style.setProperty("--visible-top", `${Math.round(view.offsetTop)}px`);
}
view?.addEventListener("resize", fit);
view?.addEventListener("scroll", fit);
fit();
