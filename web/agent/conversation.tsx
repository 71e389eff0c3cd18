import { useEffect, useRef, useState } from "preact/hooks";
import { textLength } from "../shared/format";
import type { Event } from "../shared/schemas";
import { TEXT_LIMIT, relation, type Console, type Relation, type State, type Thread } from "./console";
import { draftOf, outgoingOf } from "./outbox";
import { Priority } from "./list";
import { Transcript } from "./log";
import { Submissions } from "./submissions-panel";
import { exact, languageWords, plural, readable, reasonWords, shortName, slotWords } from "./words";

export type Asked = "end" | "return" | "release";

interface Props {
  desk: Console;
  state: State;
  id: string;
  onBack(): void;
  onClaim(id: string): void;
  onAsk(what: Asked): void;
}

export function Conversation({ desk, state, id, onBack, onClaim, onAsk }: Props) {
  const [facts, setFacts] = useState(false);
  const thread = state.threads[id];
  const name = shortName(id);
  const whose = relation(state, id);
  const item = thread?.item ?? null;
  return (
    <div class="work">
      <section class="conversation" id="conversation" tabIndex={-1} aria-labelledby="conversation-title" data-testid="conversation" data-conversation={id} data-relation={whose}>
        <header class="conversation-head">
          <button class="button button-ghost button-small back" type="button" onClick={onBack} data-testid="back">← Liste</button>
          <div class="conversation-title">
            <h2 tabIndex={-1} id="conversation-title">Conversation {name}</h2>
            <p class="quiet">
              {item !== null && <Priority item={item} />}
              {item !== null && <span>{reasonWords(item.reason)}</span>}
              {whose !== "mine" && <span>{WHOSE[whose]}</span>}
            </p>
          </div>
          <div class="actions">
            <button class="button button-small facts-toggle" type="button" aria-expanded={facts} aria-controls="facts"
              onClick={() => setFacts(!facts)}>Fiche</button>
            {whose === "mine" && (
              <>
                <button class="button button-small" type="button" onClick={() => onAsk("release")} data-testid="release">Remettre<span class="rest"> dans la file</span></button>
                <button class="button button-small" type="button" onClick={() => onAsk("return")} data-testid="return">Rendre<span class="rest"> à l’assistant</span></button>
                <button class="button button-small" type="button" onClick={() => onAsk("end")} data-testid="end">Terminer</button>
              </>
            )}
            {whose === "waiting" && (
              <button class="button button-primary button-small" type="button" onClick={() => onClaim(id)} data-testid="claim-open"
                aria-disabled={state.claiming !== null}>Prendre la conversation</button>
            )}
          </div>
        </header>
        {whose === "elsewhere" && (
          <p class="callout" data-testid="elsewhere">
            Cette conversation n’est plus à vous. Vous pouvez relire ce qui était affiché ici, mais plus y répondre.
          </p>
        )}
        <Submissions submissions={thread?.submissions ?? []} key={id} />
        <Body thread={thread} desk={desk} state={state} id={id} />
        {whose === "waiting"
          ? (
            <p class="read-only">
              Lecture seule. Prenez la conversation pour y répondre{"\u00a0"}: la personne en sera informée.
              {draftOf(state.writing, id) !== "" && " Votre brouillon vous y attend."}
            </p>
          )
          : <Composer desk={desk} state={state} id={id} key={id} whose={whose} thread={thread} />}
      </section>
      <section class="facts" id="facts" data-open={facts} aria-labelledby="facts-title" data-testid="facts">
        <h2 id="facts-title">Fiche</h2>
        <Facts thread={thread} />
      </section>
    </div>
  );
}

const WHOSE: Record<Exclude<Relation, "mine">, string> = {
  waiting: "Dans la file",
  elsewhere: "Plus avec vous",
};

function Body({ thread, desk, state, id }: { thread: Thread | undefined; desk: Console; state: State; id: string }) {
  const outgoing = outgoingOf(state.writing, id);
  const transcript = (events: readonly Event[]) => (
    <Transcript key={id} events={events} outgoing={outgoing}
      onResend={(clientId) => desk.resend(id, clientId)} onTakeBack={(clientId) => desk.takeBack(id, clientId)} />
  );
  if (thread?.status === "ready") return transcript(thread.events);
  // What the agent has written stays in sight, although the rest could not be read yet.
  return (
    <>
      {thread?.status === "failed" ? (
        <div class="placeholder" role="alert">
          <p>{thread.error}</p>
          <button class="button" type="button" onClick={() => void desk.load(id)}>Réessayer</button>
        </div>
      ) : <p class="placeholder" role="status">Lecture de la conversation…</p>}
      {(outgoing.length > 0 || (thread?.events.length ?? 0) > 0) && transcript(thread?.events ?? [])}
    </>
  );
}

interface ComposerProps { desk: Console; state: State; id: string; whose: Relation; thread: Thread | undefined }

/** From this length on the counter is shown. */
const COUNTED = 1_800;

function Composer({ desk, state, id, whose, thread }: ComposerProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const text = draftOf(state.writing, id);
  const length = textLength(text);
  const over = length - TEXT_LIMIT;
  const mine = whose === "mine";
  const typing = thread?.now?.typing.includes("citizen") ?? false;

  // Grows with what is written, up to the height that the style sheet allows.
  useEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.rows = 1;
    const { lineHeight, paddingBlockStart, paddingBlockEnd } = getComputedStyle(element);
    const inside = element.scrollHeight - parseFloat(paddingBlockStart) - parseFloat(paddingBlockEnd);
    element.rows = Math.min(8, Math.max(2, Math.round(inside / parseFloat(lineHeight))));
  }, [text]);

  const send = (): void => {
    if (!mine) return;
    desk.send(id);
    field.current?.focus();
  };

  if (!mine && text === "") return null;
  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <p class="typing" role="status" data-testid="citizen-typing">{typing ? "La personne écrit…" : ""}</p>
      <label class="visually-hidden" for="reply">Votre réponse à la conversation {shortName(id)}</label>
      <textarea class="field" id="reply" ref={field} rows={2} value={text} placeholder="Votre réponse…" readOnly={!mine}
        aria-describedby="reply-hint reply-count" aria-invalid={over > 0} data-testid="reply"
        onInput={(event) => desk.draft(id, event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
          event.preventDefault();
          send();
        }} />
      <div class="composer-foot">
        <p class="quiet" id="reply-hint">
          {mine ? "Entrée envoie, Maj\u00a0+\u00a0Entrée va à la ligne." : "Votre brouillon est conservé\u00a0: copiez-le si vous en avez besoin."}
        </p>
        <p class={over > 0 ? "counter counter-over" : "counter"} id="reply-count" role="status" data-testid="counter">
          {over > 0 ? `${plural(over, "caractère")} de trop.`
            : length >= COUNTED ? `${length.toLocaleString("fr")} / ${TEXT_LIMIT.toLocaleString("fr")}` : ""}
        </p>
        <button class="button button-primary" type="submit" aria-disabled={!mine || length === 0 || over > 0} data-testid="send">Envoyer</button>
      </div>
    </form>
  );
}

function Facts({ thread }: { thread: Thread | undefined }) {
  const item = thread?.item;
  if (!item) return <p class="quiet">Pas encore d’information.</p>;
  const slots = Object.entries(item.slots ?? {})
    .map(([name, value]) => ({ name: readable(name), value: slotWords(value) }))
    .filter((slot) => slot.value !== null);
  return (
    <>
      <h3>Résumé</h3>
      <p class="text" data-testid="summary">{item.summary || "Pas de résumé."}</p>
      <h3>Informations recueillies</h3>
      {slots.length === 0
        ? <p class="quiet">Aucune pour l’instant.</p>
        : (
          <dl data-testid="slots">
            {slots.map((slot) => <div key={slot.name}><dt>{slot.name}</dt><dd>{slot.value}</dd></div>)}
          </dl>
        )}
      <h3>Demande</h3>
      <dl>
        <div><dt>Motif</dt><dd>{reasonWords(item.reason)}</dd></div>
        <div><dt>Priorité</dt><dd>{PRIORITIES[item.priority] ?? readable(item.priority)}</dd></div>
        <div><dt>Langue</dt><dd>{languageWords(item.language ?? "fr")}</dd></div>
        <div><dt>Arrivée</dt><dd>{exact(item.waiting_since)}</dd></div>
        {item.agent_name && <div><dt>Agent</dt><dd>{item.agent_name}</dd></div>}
        <div><dt>Référence</dt><dd class="reference">{item.conversation_id}</dd></div>
      </dl>
    </>
  );
}

const PRIORITIES: Record<string, string> = { urgent: "Urgente", high: "Haute", normal: "Normale" };
