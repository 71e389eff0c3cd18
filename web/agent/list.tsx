import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { QueueItem } from "../shared/schemas";
import type { State } from "./console";
import { useNow } from "./hooks";
import { draftOf, outgoingOf } from "./outbox";
import { isUrgent, step, unanswered, unread } from "./queue";
import { exact, languageWords, plural, reasonWords, shortName, waited, waitedWords } from "./words";

interface Props { state: State; onOpen(id: string): void; onClaim(id: string): void }

export function QueueList({ state, onOpen, onClaim }: Props) {
  const list = useRef<HTMLElement>(null);
  useKeptFocus(list);
  return (
    <nav class="list" ref={list} id="list" aria-label="Conversations" data-testid="list">
      <section aria-labelledby="mine-title">
        <h2 id="mine-title">Mes conversations <Count value={state.mine.length} /></h2>
        {state.mine.length === 0
          ? <p class="empty">Aucune conversation en cours.</p>
          : (
            <ul data-testid="mine">
              {state.mine.map((item, index) => (
                <MineRow key={item.conversation_id} item={item} index={index} state={state} onOpen={onOpen} />
              ))}
            </ul>
          )}
      </section>
      <section aria-labelledby="queue-title" class="queue">
        <h2 id="queue-title">File d’attente <Count value={state.waiting.length} /></h2>
        {state.waiting.length > 0
          ? (
            <ol data-testid="queue">
              {state.waiting.map((item, index) => (
                <WaitingRow key={item.handoff_id} item={item} place={index + 1} state={state} onOpen={onOpen} onClaim={onClaim} />
              ))}
            </ol>
          )
          : state.queueKnown
            ? (
              <div class="empty empty-queue" data-testid="queue-empty">
                <p><strong>Personne n’attend.</strong></p>
                <p>Une nouvelle demande s’affichera ici d’elle-même{state.sound ? ", avec un signal sonore si elle est urgente" : ""}.</p>
              </div>
            )
            : <p class="empty">Lecture de la file…</p>}
      </section>
    </nav>
  );
}

function Count({ value }: { value: number }) {
  return <span class="count" data-testid="count">{value}</span>;
}

function Wait({ since }: { since: string }) {
  const now = useNow();
  return (
    <time class="wait" dateTime={since} title={`Depuis le ${exact(since)}`}>
      <span aria-hidden="true">{waited(since, now)}</span>
      <span class="visually-hidden">{waitedWords(since, now)}</span>
    </time>
  );
}

export function Priority({ item }: { item: QueueItem }) {
  if (isUrgent(item)) return <span class="chip chip-urgent">Urgent</span>;
  return item.priority === "high" ? <span class="chip chip-high">Prioritaire</span> : null;
}

interface WaitingProps { item: QueueItem; place: number; state: State; onOpen(id: string): void; onClaim(id: string): void }

function WaitingRow({ item, place, state, onOpen, onClaim }: WaitingProps) {
  const id = item.conversation_id;
  const name = shortName(id);
  const urgency = isUrgent(item) ? ", urgente" : item.priority === "high" ? ", prioritaire" : "";
  const language = item.language ?? "fr";
  return (
    <li class="row row-waiting" data-urgent={isUrgent(item)} data-selected={state.selected === id}
      data-testid="queue-item" data-conversation={id}>
      <p class="row-top">
        <span class="place" title="Place dans la file"><span class="visually-hidden">Place </span>{place}</span>
        <Priority item={item} />
        <span class="reason">{reasonWords(item.reason)}</span>
        <Wait since={item.waiting_since} />
      </p>
      <p class="summary">{item.summary || "Pas de résumé."}</p>
      <div class="row-bottom">
        <span class="quiet">{name}</span>
        <span class={language.startsWith("fr") ? "quiet" : "chip"}>{languageWords(language)}</span>
        <span class="grow" />
        <button class="button button-ghost button-small" type="button" data-read aria-label={`Lire la conversation ${name}${urgency}`}
          data-testid="read" onClick={() => onOpen(id)}>Lire</button>
        <button class="button button-primary button-small" type="button" data-row aria-label={`Prendre la conversation ${name}${urgency}`}
          aria-disabled={state.claiming !== null} data-testid="claim" onClick={() => onClaim(id)}>
          {state.claiming === id ? "Un instant…" : "Prendre"}
        </button>
      </div>
    </li>
  );
}

function MineRow({ item, index, state, onOpen }: { item: QueueItem; index: number; state: State; onOpen(id: string): void }) {
  const id = item.conversation_id;
  const fresh = unread(item, state.seen);
  const refused = outgoingOf(state.writing, id).some((one) => one.state === "refused");
  const status = fresh > 0 ? null
    : refused ? "Message non envoyé"
    : draftOf(state.writing, id) !== "" ? "Brouillon"
    : unanswered(item) > 0 ? "Attend votre réponse" : "Vous avez répondu";
  return (
    <li class="row row-mine" data-urgent={isUrgent(item)} data-selected={state.selected === id} data-testid="mine-item" data-conversation={id}>
      <button type="button" data-row aria-current={state.selected === id} onClick={() => onOpen(id)} data-testid="open-mine"
        {...(index < 9 ? { "aria-keyshortcuts": `Alt+${index + 1}` } : {})}>
        <span class="row-top">
          <strong>{shortName(id)}</strong>
          <Priority item={item} />
          <span class="reason">{reasonWords(item.reason)}</span>
          {fresh > 0 && (
            <span class="unread" data-testid="unread"><span aria-hidden="true">{fresh}</span>
              <span class="visually-hidden">{plural(fresh, "nouveau message", "nouveaux messages")}</span>
            </span>
          )}
        </span>
        <span class="summary">{item.summary || "Pas de résumé."}</span>
        {status !== null && <span class={refused ? "status status-bad" : "status"}>{status}</span>}
      </button>
    </li>
  );
}

/** Moves the focus to the next or previous row of the list; true when there was one. */
export function moveInList(by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>("#list [data-row]")];
  const row = document.activeElement?.closest(".row");
  const at = rows.findIndex((one) => one === document.activeElement || (row !== null && row !== undefined && row.contains(one)));
  const next = rows[step(at, by, rows.length)];
  next?.focus();
  next?.closest(".row")?.scrollIntoView({ block: "nearest" });
  return next !== undefined;
}

/** The list changes under the agent's hands: when the row with the focus moves or goes, the focus stays in its place. */
function useKeptFocus(list: { current: HTMLElement | null }): void {
  const held = useRef<{ conversation: string; index: number } | null>(null);
  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    const remember = (event: FocusEvent): void => {
      const row = (event.target as Element).closest<HTMLElement>(".row");
      const index = [...element.querySelectorAll(".row")].findIndex((one) => one === row);
      held.current = row ? { conversation: row.dataset["conversation"] ?? "", index } : null;
    };
    const forget = (event: FocusEvent): void => {
      // A row that is taken away loses the focus to nothing; an agent who moves on gives it to something.
      if (event.relatedTarget !== null) held.current = null;
    };
    const away = (event: PointerEvent): void => {
      if (!element.contains(event.target as Node)) held.current = null;
    };
    element.addEventListener("focusin", remember);
    element.addEventListener("focusout", forget);
    addEventListener("pointerdown", away, true);
    return () => {
      element.removeEventListener("focusin", remember);
      element.removeEventListener("focusout", forget);
      removeEventListener("pointerdown", away, true);
    };
  }, [list]);
  useLayoutEffect(() => {
    const element = list.current;
    const last = held.current;
    if (element === null || last === null || document.activeElement !== document.body) return;
    const rows = [...element.querySelectorAll<HTMLElement>(".row")];
    const same = rows.find((row) => row.dataset["conversation"] === last.conversation);
    const row = same ?? rows[Math.min(last.index, rows.length - 1)];
    row?.querySelector<HTMLElement>("[data-row]")?.focus({ preventScroll: true });
  });
}
