import { render } from "preact";
import { App } from "./app";
import { drawAttention } from "./attention";
import { startClock } from "./clock";
import { Console } from "./console";
import { allowSound } from "./sound";

const root = document.querySelector("#app");
if (root === null) throw new Error("the page has no #app");

startClock();
const agentConsole = new Console();
drawAttention(agentConsole.store);
for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, allowSound);
// Closing the tab gives the conversations back to the queue after half a minute: better said before than found out.
addEventListener("beforeunload", (event) => {
  if (agentConsole.store.get().mine.length > 0) event.preventDefault();
});
root.replaceChildren();
render(<App desk={agentConsole} />, root);
void agentConsole.begin();
