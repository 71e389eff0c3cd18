import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Composer } from "./composer";
import type { Conversation, State } from "./conversation";
import { inWidget, tellHost } from "./exit";
import { Icon } from "./icon";
import { Log } from "./log";
import { Privacy } from "./privacy";
import { compose, emergency, exit, person, privacy, service, status, trouble, widget } from "./texts";

/** A short interruption is not worth a word; a longer one is. */
const PATIENCE_MS = 3_000;

function useConversation(conversation: Conversation): State {
  const [state, setState] = useState(conversation.state);
  useEffect(() => {
    setState(conversation.state);
    return conversation.subscribe(() => setState(conversation.state));
  }, [conversation]);
  return state;
}

function useLasting(condition: boolean, milliseconds: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!condition) return setLasting(false);
    const timer = setTimeout(() => setLasting(true), milliseconds);
    return () => clearTimeout(timer);
  }, [condition, milliseconds]);
  return lasting;
}

function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = (): void => setOnline(navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return online;
}

function Header({ state, leave }: { state: State; leave(): void }) {
  const owner = state.now?.owner ?? "assistant";
  const who = owner === "agent" ? status.agent(state.now?.agent_name ?? "") : status[owner];
  return (
    <header class="top">
      <span class={`mark mark-${owner}`} aria-hidden="true">
        <Icon name={owner === "agent" ? "person" : "assistant"} />
      </span>
      <div class="top-words">
        <h1>{service}</h1>
        <p class="top-status" data-testid="speaker" data-owner={owner}>
          {who}
        </p>
      </div>
      <button type="button" class="button quick-exit" onClick={leave} aria-describedby="exit-hint" data-testid="quick-exit">
        <Icon name="exit" />
        {exit.button}
      </button>
      <span id="exit-hint" class="visually-hidden">
        {exit.hint}
      </span>
      {inWidget() && (
        <button
          type="button"
          class="icon-button"
          aria-label={widget.close}
          data-testid="widget-close"
          onClick={() => tellHost({ relais: "close" })}
        >
          <Icon name="minus" />
        </button>
      )}
    </header>
  );
}

function EmergencyBar() {
  return (
    <nav class="emergency-bar" aria-label={emergency.label}>
      <span>{emergency.short}</span>
      <a href="tel:17" aria-label={emergency.policeLabel}>
        {emergency.police}
      </a>
      <a href="tel:112" aria-label={emergency.europeLabel}>
        {emergency.europe}
      </a>
      <a href="sms:114" aria-label={emergency.text114Label}>
        {emergency.text114}
      </a>
    </nav>
  );
}

function Banner({ state, conversation }: { state: State; conversation: Conversation }) {
  const online = useOnline();
  const cut = state.connection === "down" || (state.connection === "connecting" && state.events.length > 0);
  const lasting = useLasting(cut, PATIENCE_MS);
  if (state.gone) {
    return (
      <div class="banner banner-warning" role="alert" data-testid="banner">
        <p>{trouble.gone}</p>
        <button type="button" class="button" onClick={() => conversation.startAfresh()}>
          {trouble.fresh}
        </button>
      </div>
    );
  }
  const urgent = state.now?.urgent ? ` ${trouble.urgent}` : "";
  let words = "";
  if (!online) words = trouble.offline + urgent;
  else if (state.problem && state.connection !== "up") words = trouble.unreachable + urgent;
  else if (state.problem) words = state.problem + urgent;
  else if (lasting) words = trouble.reconnecting;
  return (
    <div role="status" data-testid="banner" class={words ? "banner banner-warning" : "banner-none"}>
      {words && <p>{words}</p>}
    </div>
  );
}

function Person({ state, conversation, onPrivacy }: { state: State; conversation: Conversation; onPrivacy(): void }) {
  const owner = state.now?.owner ?? "assistant";
  const asking = state.outbox.some((one) => one.payload === "/human" && !one.refused);
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The button that had the focus is gone: the focus goes to what took its place.
    if (owner !== "assistant" && document.activeElement === document.body) panel.current?.focus({ preventScroll: true });
  }, [owner]);

  const menu = (
    <button type="button" class="button button-ghost" aria-label={privacy.openLabel} onClick={onPrivacy} data-testid="privacy">
      <Icon name="privacy" />
      <span class="menu-words">{privacy.open}</span>
    </button>
  );
  if (owner === "assistant") {
    return (
      <div class="person">
        <button
          type="button"
          class="button ask"
          aria-disabled={asking}
          data-testid="ask-person"
          onClick={() => {
            if (!asking) conversation.say(person.ask, "/human");
          }}
        >
          <Icon name="person" />
          {asking ? person.asking : person.ask}
        </button>
        {menu}
      </div>
    );
  }
  if (owner === "agent") {
    const name = state.now?.agent_name;
    return (
      <div class="person" ref={panel} tabIndex={-1}>
        <p class="with-agent" data-testid="with-agent">
          {name ? person.withAgent(name) : person.withSomeone}
        </p>
        {menu}
      </div>
    );
  }
  const queue = state.now?.queue;
  const leaving = state.outbox.some((one) => one.payload === "/assistant" && !one.refused);
  return (
    <div class="person person-waiting" ref={panel} tabIndex={-1}>
      <div class="waiting" role="status" data-testid="queue">
        <p>
          <strong>{person.waiting}.</strong>{" "}
          {queue && <span data-testid="queue-place">{queue.place <= 1 ? person.next : person.place(queue.place, queue.waiting)}</span>}
        </p>
        <p class="muted">{person.stay}</p>
      </div>
      <div class="person-actions">
        <button
          type="button"
          class="button"
          aria-disabled={leaving}
          data-testid="back-to-assistant"
          onClick={() => {
            if (!leaving) conversation.say(person.back, "/assistant");
          }}
        >
          {person.back}
        </button>
        {menu}
      </div>
    </div>
  );
}

export function App({ conversation, leave }: { conversation: Conversation; leave(): void }) {
  const state = useConversation(conversation);
  const box = useRef<HTMLTextAreaElement>(null);
  const [privacyOpen, setPrivacyOpen] = useState(false);
  const say = useCallback((text: string, payload?: string) => conversation.say(text, payload), [conversation]);

  const erasable = state.conversation !== null || state.outbox.length > 0 || state.draft !== "";
  return (
    <div class="app">
      <a class="skip-link" href="#message">
        {compose.skip}
      </a>
      <Header state={state} leave={leave} />
      <EmergencyBar />
      <main class="main">
        <Log state={state} conversation={conversation} say={say} toBox={() => box.current?.focus()} />
        <div class="bottom">
          <Banner state={state} conversation={conversation} />
          {state.undoable && (
            <div class="banner" role="status" data-testid="erased">
              <p>{privacy.erased}</p>
              <button type="button" class="button" onClick={() => conversation.undoErase()}>
                {privacy.undo}
              </button>
            </div>
          )}
          <Person state={state} conversation={conversation} onPrivacy={() => setPrivacyOpen(true)} />
          <Composer state={state} conversation={conversation} box={box} />
        </div>
      </main>
      <Privacy
        open={privacyOpen}
        onClose={() => setPrivacyOpen(false)}
        onErase={
          erasable
            ? () => {
                conversation.erase();
                setPrivacyOpen(false);
                box.current?.focus();
              }
            : null
        }
      />
    </div>
  );
}
