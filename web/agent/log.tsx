import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { timeOfDay } from "../shared/format";
import { safeHref } from "../shared/href";
import type { Button, Card, Event, Link, MessageEvent, Phone } from "../shared/schemas";
import type { Outgoing } from "./outbox";
import { lines, type Line } from "./transcript";
import { exact } from "./words";

interface Props {
  events: readonly Event[];
  outgoing: readonly Outgoing[];
  onResend(clientId: string): void;
  onTakeBack(clientId: string): void;
}

/** Less than this from the end counts as "at the end", in CSS pixels. */
const NEAR = 48;

export function Transcript({ events, outgoing, onResend, onTakeBack }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [more, setMore] = useState(false);
  const count = events.length + outgoing.length;

  // New lines scroll into view only for who is at the end: nobody is torn away from what they read.
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (atEnd.current) element.scrollTop = element.scrollHeight;
    else setMore(true);
  }, [count]);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);

  const toEnd = (): void => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
    box.current?.focus();
  };

  // Typing a reply redraws the page with each key; the lines change only with the events.
  const shown = useMemo(() => lines(events).map((line) => <TranscriptLine key={line.key} line={line} />), [events]);

  return (
    <div class="transcript">
      <div class="log" ref={box} role="log" aria-label="Messages de la conversation" tabIndex={0} data-testid="transcript"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
          if (atEnd.current) setMore(false);
        }}>
        <ol>
          {shown}
          {outgoing.map((one) => (
            <OutgoingLine key={one.client_id} one={one} onResend={onResend} onTakeBack={onTakeBack} />
          ))}
        </ol>
      </div>
      {more && (
        <button class="button to-end" type="button" onClick={toEnd} data-testid="to-end">Nouveaux messages ↓</button>
      )}
    </div>
  );
}

function TranscriptLine({ line }: { line: Line }) {
  switch (line.kind) {
    case "day":
      return <li class="line-day"><span>{line.text}</span></li>;
    case "note":
      return (
        <li class="line-note" data-urgent={line.urgent} data-testid="note">
          {line.text} · <Time at={line.at} />
        </li>
      );
    case "message":
      return <Message message={line.message} who={line.who} sameAsBefore={line.sameAsBefore} />;
  }
}

function Message({ message, who, sameAsBefore }: { message: MessageEvent; who: string; sameAsBefore: boolean }) {
  const emergency = message.author === "system" && message.data.kind === "emergency";
  return (
    <li class="message" data-author={message.author} data-emergency={emergency} data-follows={sameAsBefore} data-testid="message">
      <p class={sameAsBefore ? "visually-hidden" : "who"}>{who}</p>
      <div class="bubble">
        <p class="text">{message.data.text}</p>
        {message.author === "citizen" && message.data.payload && <p class="extra">Bouton choisi</p>}
        {(message.author === "assistant" || message.author === "system") && <Extras {...message.data} />}
      </div>
      <p class="meta"><Time at={message.at} />{message.author === "agent" && <span> · Envoyé</span>}</p>
    </li>
  );
}

interface ExtrasProps {
  buttons?: Button[] | null | undefined;
  links?: Link[] | null | undefined;
  phones?: Phone[] | null | undefined;
  cards?: Card[] | null | undefined;
}

/** What the citizen saw below the text. The agent reads it; only links can be followed. */
function Extras({ buttons, links, phones, cards }: ExtrasProps) {
  return (
    <>
      {cards?.map((card, index) => (
        <div class="card" key={index}>
          {card.title && <p class="card-title">{card.title}</p>}
          {card.text && <p class="text">{card.text}</p>}
          <Phones phones={card.phones} />
          <Links links={card.links} />
        </div>
      ))}
      <Phones phones={phones} />
      <Links links={links} />
      {buttons && buttons.length > 0 && (
        <p class="extra">Boutons proposés{"\u00a0"}: {buttons.map((button) => `«\u00a0${button.title}\u00a0»`).join(", ")}</p>
      )}
    </>
  );
}

function Phones({ phones }: { phones: Phone[] | null | undefined }) {
  if (!phones || phones.length === 0) return null;
  return (
    <ul class="phones">
      {phones.map((phone, index) => (
        <li key={index}>{phone.label}{"\u00a0"}: <strong>{phone.number}</strong>{phone.note ? ` (${phone.note})` : ""}</li>
      ))}
    </ul>
  );
}

function Links({ links }: { links: Link[] | null | undefined }) {
  if (!links || links.length === 0) return null;
  return (
    <ul class="links">
      {links.map((link, index) => {
        const href = safeHref(link.url);
        return (
          <li key={index}>
            {href === null ? link.title : (
              <a href={href} target="_blank" rel="noopener noreferrer">{link.title}<span class="visually-hidden"> (nouvel onglet)</span></a>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Time({ at }: { at: string }) {
  return <time dateTime={at} title={exact(at)}>{timeOfDay(at)}</time>;
}

interface OutgoingProps { one: Outgoing; onResend(clientId: string): void; onTakeBack(clientId: string): void }

function OutgoingLine({ one, onResend, onTakeBack }: OutgoingProps) {
  const stuck = one.state === "refused" || (one.state === "waiting" && one.error !== null);
  return (
    <li class="message" data-author="agent" data-state={one.state} data-testid="outgoing">
      <p class="who">Vous</p>
      <div class="bubble"><p class="text">{one.text}</p></div>
      <p class={stuck ? "meta meta-bad" : "meta"} data-testid="delivery">{delivery(one)}</p>
      {stuck && (
        <p class="meta-actions">
          <button class="button button-small" type="button" onClick={() => onResend(one.client_id)} data-testid="resend">Renvoyer</button>
          {one.state === "refused" && (
            <button class="button button-ghost button-small" type="button" onClick={() => onTakeBack(one.client_id)} data-testid="take-back">
              Reprendre le texte
            </button>
          )}
        </p>
      )}
    </li>
  );
}

function delivery(one: Outgoing): string {
  switch (one.state) {
    case "waiting":
      return one.error === null ? "En attente d’envoi" : `Pas encore envoyé, nouvel essai automatique. ${one.error}`;
    case "sending":
      return "Envoi…";
    case "stored":
      return "Envoyé";
    case "refused":
      return `Non envoyé. ${one.error ?? ""}`;
  }
}
