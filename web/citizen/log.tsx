/** The conversation: welcome, messages, changes of hands, what is on its way, who is typing. */
import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { day, timeOfDay } from "../shared/format";
import type { Button, MessageEvent, Owner } from "../shared/schemas";
import type { Conversation, State } from "./conversation";
import { CardBox, EmergencyBox, Links, Phones } from "./extras";
import { Icon } from "./icon";
import { Receipt } from "./receipt";
import { delivery, emergency, log, notes, speakers, topics, welcome } from "./texts";
import { awaitsAssistant, changes, lastForeignSeq, speakerOf, type Note } from "./timeline";
import type { Outgoing } from "./trace";

type Say = (text: string, payload?: string) => void;

function Welcome({ say }: { say: Say }) {
  return (
    <section class="welcome" aria-labelledby="welcome-title">
      <h2 id="welcome-title">{welcome.title}</h2>
      <p>{welcome.who}</p>
      <div class="welcome-emergency">
        <p>
          <strong>{emergency.title}</strong> {emergency.text}
        </p>
        <ul>
          <li>
            <a href="tel:17" aria-label={emergency.policeLabel}>
              {emergency.police}
            </a>{" "}
            {emergency.policeNote}
          </li>
          <li>
            <a href="tel:112" aria-label={emergency.europeLabel}>
              {emergency.europe}
            </a>{" "}
            {emergency.europeNote}
          </li>
          <li>
            <a href="sms:114" aria-label={emergency.text114Label}>
              {emergency.text114}
            </a>{" "}
            {emergency.text114Note}
          </li>
        </ul>
      </div>
      <p class="welcome-data">{welcome.data}</p>
      <h3 id="topics-title">{welcome.topics}</h3>
      <ul class="topics" aria-labelledby="topics-title" data-testid="topics">
        {topics.map(({ title, payload }) => (
          <li key={payload}>
            <button type="button" class="button chip" onClick={() => say(title, payload)}>
              {title}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function name(message: MessageEvent): string {
  if (message.author !== "agent") return speakers[message.author];
  return message.data.agent_name ? `${message.data.agent_name}, ${speakers.agent.toLowerCase()}` : speakers.agent;
}

/** Who speaks and when; seen at the head of a group, always there for screen readers. */
function Head({ who, at, seen }: { who: string; at: string; seen: boolean }) {
  return (
    <p class={seen ? "head" : "visually-hidden"}>
      <span class="who">{who}</span>
      <span class="visually-hidden">, </span>
      <time dateTime={at}>{timeOfDay(at)}</time>
    </p>
  );
}

function Choices({ buttons, say }: { buttons: Button[]; say: Say }) {
  return (
    <ul class="choices" aria-label={log.choices}>
      {buttons.map(({ title, payload }) => (
        <li key={payload + title}>
          <button type="button" class="button chip" onClick={() => say(title, payload)}>
            {title}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A button is offered only to whoever can answer it: the way back while waiting, all others while the assistant listens. */
const answerable = ({ payload }: Button, owner: Owner): boolean => owner === (payload === "/assistant" ? "queue" : "assistant");

interface MessageProps { message: MessageEvent; owner: Owner; first: boolean; last: boolean; say: Say }

function Message({ message, owner, first, last, say }: MessageProps) {
  const { data } = message;
  const extras = message.author === "assistant" || message.author === "system" ? message.data : null;
  const buttons = (extras?.buttons ?? []).filter((button) => answerable(button, owner));
  const urgent = message.author === "system" && message.data.kind === "emergency";
  const avatar = message.author === "agent" ? (message.data.agent_name ?? "").slice(0, 1).toUpperCase() : "";
  return (
    <li class={`message from-${message.author}${urgent ? " urgent" : ""}${first ? " first" : ""}`} data-seq={message.seq}>
      {first && (message.author === "assistant" || message.author === "agent") && (
        <span class="avatar" aria-hidden="true">
          {avatar || <Icon name={message.author === "agent" ? "person" : "assistant"} />}
        </span>
      )}
      <div class="body" role={urgent ? "alert" : undefined} data-testid={urgent ? "emergency-card" : undefined}>
        <Head who={name(message)} at={message.at} seen={first} />
        {urgent ? (
          <EmergencyBox text={data.text} cards={extras?.cards ?? []} />
        ) : (
          <>
            {data.text && <p class="bubble text">{data.text}</p>}
            {extras?.cards?.map((card, index) => <CardBox key={index} card={card} />)}
          </>
        )}
        {extras?.phones && extras.phones.length > 0 && <Phones phones={extras.phones} />}
        {extras?.links && extras.links.length > 0 && <Links links={extras.links} />}
        {buttons.length > 0 && <Choices buttons={buttons} say={say} />}
        {message.author === "citizen" && last && (
          <p class="delivery" aria-live="off">
            {delivery.sent}
          </p>
        )}
      </div>
    </li>
  );
}

interface PendingProps {
  message: Outgoing;
  sending: boolean;
  first: boolean;
  conversation: Conversation;
  toBox(): void;
}

function Pending({ message, sending, first, conversation, toBox }: PendingProps) {
  const stuck = !sending && message.seq === undefined;
  const words = sending ? delivery.sending : !stuck ? delivery.sent : message.refused ? delivery.failed : delivery.waiting;
  return (
    <li class={`message from-citizen${first ? " first" : ""}${stuck ? " stuck" : ""}`} data-testid="pending-message">
      <div class="body">
        <Head who={speakers.citizen} at={message.at} seen={first} />
        <p class="bubble text">{message.text}</p>
        <div class="delivery" aria-live={stuck ? "polite" : "off"}>
          <span>{message.refused ? `${words}. ${message.refused}` : words}</span>
          {stuck && (
            <button type="button" class="text-button" onClick={() => conversation.retry(message.client_id)}>
              {delivery.retry}
            </button>
          )}
          {message.refused && !message.payload && (
            <button
              type="button"
              class="text-button"
              onClick={() => {
                conversation.takeBack(message.client_id);
                toBox();
              }}
            >
              {delivery.remove}
            </button>
          )}
        </div>
      </div>
    </li>
  );
}

function NoteLine({ note, fresh }: { note: Note; fresh: (() => void) | null }) {
  const { kind, name: who } = note;
  return (
    <li class="note">
      <p>{kind === "taken" ? notes.taken(who) : notes[kind]}</p>
      {fresh && (
        <button type="button" class="text-button" onClick={fresh}>
          {notes.fresh}
        </button>
      )}
    </li>
  );
}

interface LogProps {
  state: State;
  conversation: Conversation;
  say: Say;
  /** Moves the focus to the text box. */
  toBox(): void;
}

/** Rows of the log in their order, with day lines between. */
function rows({ state, conversation, say, toBox }: LogProps) {
  const notesBySeq = changes(state.events);
  const lastEvent = state.events[state.events.length - 1];
  const shown = state.events.filter((event) => event.type === "message" || event.type === "submission" || notesBySeq.has(event.seq));
  const lastCitizen = [...shown].reverse().find((event) => event.type === "message" && event.author === "citizen");
  let speaker = "";
  let today = day(new Date().toISOString());
  const list = shown.map((event) => {
    const on = day(event.at);
    const line = on === today ? null : <li class="day">{on}</li>;
    if (line) speaker = "";
    today = on;
    if (event.type === "submission") {
      speaker = "";
      return (
        <Fragment key={event.seq}>
          {line}
          <Receipt event={event} />
        </Fragment>
      );
    }
    if (event.type !== "message") {
      speaker = "";
      const note = notesBySeq.get(event.seq);
      const fresh = event.type === "closed" && event === lastEvent ? () => conversation.startAfresh() : null;
      return (
        <Fragment key={event.seq}>
          {line}
          {note && <NoteLine note={note} fresh={fresh} />}
        </Fragment>
      );
    }
    const first = speakerOf(event) !== speaker;
    speaker = speakerOf(event);
    const last = event === lastCitizen && state.outbox.length === 0;
    const key = (event.author === "citizen" && event.data.client_id) || event.seq;
    return (
      <Fragment key={key}>
        {line}
        <Message message={event} owner={state.now?.owner ?? "assistant"} first={first} last={last} say={say} />
      </Fragment>
    );
  });
  const waiting = state.outbox.map((message, index) => (
    <Fragment key={message.client_id}>
      <Pending
        message={message}
        sending={message.client_id === state.sending}
        first={index === 0 && speaker !== "citizen"}
        conversation={conversation}
        toBox={toBox}
      />
    </Fragment>
  ));
  return [...list, ...waiting];
}

function Typing({ state }: { state: State }) {
  const { now, events, outbox } = state;
  const owner = now?.owner ?? "assistant";
  const agent = owner === "agent" && now?.typing.includes("agent");
  const owed = owner === "assistant" && state.connection === "up" && (awaitsAssistant(events) || outbox.some((one) => one.seq));
  const assistant = owner === "assistant" && (now?.typing.includes("assistant") || owed);
  const words = agent ? log.typingAgent(now?.agent_name ?? "") : assistant ? log.typingAssistant : "";
  return (
    <div class="typing" role="status" data-testid="typing">
      {words && (
        <>
          <span class={agent ? "dots dots-agent" : "dots"} aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
          <span class="typing-words">{words}</span>
        </>
      )}
    </div>
  );
}

export function Log(props: LogProps) {
  const { state, say } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const pinned = useRef(true);
  const seen = useRef(0);
  const [behind, setBehind] = useState(false);
  const last = state.events[state.events.length - 1]?.seq ?? 0;
  const mine = state.outbox[state.outbox.length - 1]?.client_id ?? "";

  const toEnd = (): void => {
    const box = scroller.current;
    if (!box) return;
    box.scrollTop = box.scrollHeight;
    pinned.current = true;
    setBehind(false);
  };

  // What the citizen writes is always shown; what arrives only moves the page for someone who reads at the end.
  useLayoutEffect(() => {
    if (mine) toEnd();
  }, [mine]);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box || last === 0) return;
    if (!pinned.current) return setBehind(true);
    toEnd();
    // What is taller than the window is read from its first line.
    const foreign = box.querySelector<HTMLElement>(`[data-seq="${lastForeignSeq(state.events)}"]`);
    const read = seen.current;
    seen.current = last;
    if (!foreign || Number(foreign.dataset["seq"]) <= read) return;
    box.scrollTop = Math.min(box.scrollTop, foreign.offsetTop - 16);
    pinned.current = true;
  }, [last]);
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const observer = new ResizeObserver(() => {
      if (pinned.current && box.querySelector(".message")) box.scrollTop = box.scrollHeight;
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, []);

  const onScroll = (): void => {
    const box = scroller.current;
    if (!box) return;
    pinned.current = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
    if (pinned.current) setBehind(false);
  };

  return (
    <div class="log-frame">
      <div class="scroller" ref={scroller} onScroll={onScroll} tabIndex={0} role="region" aria-label={log.label}>
        <Welcome say={say} />
        {!state.loaded && (
          <p class="note" role="status">
            {log.loading}
          </p>
        )}
        {/* Quiet while the past is being fetched: a reload must not read everything out again. */}
        <div role="log" aria-live={state.loaded ? "polite" : "off"} aria-label={log.label} data-testid="log">
          <ol class="messages">{rows(props)}</ol>
        </div>
        <Typing state={state} />
      </div>
      {behind && (
        <button type="button" class="button newer" onClick={toEnd}>
          <Icon name="down" />
          {log.newer}
        </button>
      )}
    </div>
  );
}
