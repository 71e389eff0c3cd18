/** The tab's title and icon: what an agent sees of the console while working in another window. */

import calm from "../shared/icon.svg?url";
import alert from "./icon-alert.svg?url";
import { onBeat } from "./clock";
import type { State } from "./console";
import { isUrgent, unreadTotal } from "./queue";
import type { Store } from "./store";
import { plural } from "./words";

const NAME = "Console des agents · Relais";

/** "(2) Console…" for unread messages, an urgent conversation before everything else. */
export function titles(state: State): { usual: string; urgent: string | null } {
  if (state.phase !== "signed-in") return { usual: NAME, urgent: null };
  const unread = unreadTotal(state.mine, state.seen);
  const urgent = state.waiting.filter(isUrgent).length;
  return {
    usual: unread > 0 ? `(${unread}) ${NAME}` : NAME,
    urgent: urgent > 0 ? `⚠ ${plural(urgent, "urgence attend", "urgences attendent")}` : null,
  };
}

/** Keeps title and icon up to date; the title of a hidden tab alternates while somebody urgent waits. */
export function drawAttention(store: Store<State>): void {
  const icon = document.querySelector<HTMLLinkElement>("#icon");
  let even = false;
  const update = (): void => {
    const { usual, urgent } = titles(store.get());
    const title = urgent !== null && (even || !document.hidden) ? urgent : usual;
    if (document.title !== title) document.title = title;
    const href = urgent === null ? calm : alert;
    if (icon && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
  };
  store.follow(update);
  onBeat(() => {
    even = !even;
    update();
  });
}
