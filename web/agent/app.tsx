import { useEffect, useRef, useState } from "preact/hooks";
import icon from "../shared/icon.svg?url";
import { firstLease, type Console, type Notice, type State } from "./console";
import { Conversation, type Asked } from "./conversation";
import { CloseDialog, ConfirmDialog, HelpDialog, signOutText } from "./dialogs";
import { useNow } from "./hooks";
import { moveInList, QueueList } from "./list";
import { SignIn } from "./sign-in";
import { useStore } from "./store";
import { plural, shortName } from "./words";

export function App({ desk }: { desk: Console }) {
  const state = useStore(desk.store);
  switch (state.phase) {
    case "starting":
      return <main class="sign-in"><p role="status">Ouverture de la console…</p></main>;
    case "unreachable":
      return (
        <main class="sign-in">
          <div class="sign-in-card">
            <h1>Console des agents</h1>
            <p class="callout callout-bad" role="alert">{state.signInNotice}</p>
            <button class="button button-primary" type="button" onClick={() => void desk.begin()}>Réessayer</button>
          </div>
        </main>
      );
    case "signed-out":
      return <SignIn desk={desk} notice={state.signInNotice} />;
    case "signed-in":
      return <Desk desk={desk} state={state} />;
  }
}

type Dialog = { kind: Asked; id: string } | { kind: "help" } | { kind: "sign-out" };

function Desk({ desk, state }: { desk: Console; state: State }) {
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [view, setView] = useState<"list" | "detail">("list");
  const { selected } = state;

  const open = (id: string, focus: "reply" | "title" | "none"): void => {
    desk.open(id);
    setView("detail");
    if (focus !== "none") focusSoon(focus);
  };
  const claim = (id: string): void => {
    void desk.claim(id).then(() => {
      if (desk.store.get().selected !== id || !desk.store.get().mine.some((item) => item.conversation_id === id)) return;
      setView("detail");
      focusSoon("reply");
    });
  };
  const toList = (): void => {
    setView("list");
    requestAnimationFrame(() => {
      const current = document.querySelector<HTMLElement>("#list [aria-current=true]");
      if (current) current.focus();
      else if (!moveInList(1)) document.querySelector<HTMLElement>("#help")?.focus();
    });
  };

  useKeys({ state, blocked: dialog !== null, open, toList, help: () => setDialog({ kind: "help" }) });

  // The last conversation was closed or given back: a narrow screen shows the list again.
  useEffect(() => {
    if (selected === null) setView("list");
  }, [selected]);

  const closeDialog = (): void => setDialog(null);
  return (
    <div class="desk" data-view={view} data-testid="desk">
      <a class="skip-link" href="#conversation">Aller à la conversation</a>
      <header class="bar">
        <h1><img src={icon} alt="Relais" width="22" height="22" /><span aria-hidden="true">Relais</span><span class="bar-sub">Console des agents</span></h1>
        <LinkState state={state} />
        <span class="grow" />
        <button class="button button-ghost button-small switch" type="button" role="switch" aria-checked={state.sound}
          onClick={() => desk.setSound(!state.sound)} data-testid="sound">
          <span class="switch-track" aria-hidden="true" />Son
        </button>
        <button class="button button-ghost button-small" type="button" id="help" onClick={() => setDialog({ kind: "help" })}
          aria-keyshortcuts="?" data-testid="help">
          <kbd aria-hidden="true">?</kbd><span class="visually-hidden">Raccourcis clavier</span>
        </button>
        <span class="agent-name" data-testid="agent-name">{state.agent?.name}</span>
        <button class="button button-small" type="button" data-testid="sign-out"
          onClick={() => { if (state.mine.length > 0) setDialog({ kind: "sign-out" }); else void desk.signOut().catch((problem: unknown) => desk.failed(problem)); }}>
          Se déconnecter
        </button>
      </header>
      <LostBanner state={state} />
      <main class="columns" id="main">
        <QueueList state={state} onOpen={(id) => open(id, "title")} onClaim={claim} />
        {selected === null
          ? <NothingOpen state={state} />
          : <Conversation key={selected} desk={desk} state={state} id={selected} onBack={toList} onClaim={claim}
              onAsk={(kind) => setDialog({ kind, id: selected })} />}
        <Notices notices={state.notices} onDismiss={(id) => desk.dismiss(id)} />
      </main>
      <p class="visually-hidden" role="status" data-testid="said">{state.said}</p>
      <p class="visually-hidden" role="alert" data-testid="alerted">{state.alerted}</p>
      {(dialog?.kind === "end" || dialog?.kind === "return") && (
        <CloseDialog desk={desk} state={state} id={dialog.id} toAssistant={dialog.kind === "return"} onClose={closeDialog} />
      )}
      {dialog?.kind === "release" && (
        <ConfirmDialog title="Remettre dans la file" testid="release-dialog" action="Remettre dans la file" onClose={closeDialog}
          text={`La conversation ${shortName(dialog.id)} repasse en tête de la file, et la personne en est informée. Un autre agent pourra la prendre.`}
          onDo={() => desk.release(dialog.id)} />
      )}
      {dialog?.kind === "sign-out" && (
        <ConfirmDialog title="Se déconnecter" testid="sign-out-dialog" action="Se déconnecter" onClose={closeDialog}
          text={signOutText(state)} onDo={() => desk.signOut()} />
      )}
      {dialog?.kind === "help" && <HelpDialog desk={desk} state={state} onClose={closeDialog} />}
    </div>
  );
}

function focusSoon(what: "reply" | "title"): void {
  requestAnimationFrame(() => {
    const reply = document.querySelector<HTMLElement>("#reply");
    (what === "reply" && reply !== null ? reply : document.querySelector<HTMLElement>("#conversation-title"))?.focus();
  });
}

const LINK_WORDS: Record<State["link"], string> = {
  connecting: "Connexion…",
  live: "En direct",
  polling: "Connexion directe impossible\u00a0: mise à jour toutes les 3\u00a0s",
  offline: "Hors ligne",
};

function LinkState({ state }: { state: State }) {
  return (
    <p class="link-state" role="status" data-link={state.link} data-testid="link-state">
      <span class="dot" aria-hidden="true" />{LINK_WORDS[state.link]}
    </p>
  );
}

function LostBanner({ state }: { state: State }) {
  const now = useNow();
  const offline = state.link === "offline";
  const end = firstLease(state);
  const left = end === null ? 0 : Math.ceil((end - now) / 1_000);
  const many = state.mine.length > 1;
  const going = many ? "vos conversations retournent dans la file" : "votre conversation retourne dans la file";
  return (
    <>
      {/* Said once; the countdown below runs for the eye only. */}
      <p class="visually-hidden" role="alert">
        {offline ? `Connexion perdue.${end === null ? "" : ` Si elle ne revient pas, ${going}.`}` : ""}
      </p>
      {offline && (
        <p class="lost-banner" data-testid="lost-banner">
          <strong>Connexion perdue.</strong>{" "}
          {end === null
            ? "Nouvel essai automatique. La file affichée n’est plus à jour."
            : left > 0
              ? <>Si elle ne revient pas, {going} dans <span class="countdown" data-testid="countdown">{left}{"\u00a0"}s</span>. Vos textes sont conservés.</>
              : `${many ? "Vos conversations sont sans doute retournées" : "Votre conversation est sans doute retournée"} dans la file. Vous pourrez reprendre au retour de la connexion\u00a0; vos textes sont conservés.`}
        </p>
      )}
    </>
  );
}

function NothingOpen({ state }: { state: State }) {
  return (
    <section class="work nothing" id="conversation" tabIndex={-1} aria-labelledby="nothing-title" data-testid="nothing-open">
      <h2 id="nothing-title">Aucune conversation ouverte</h2>
      <p>
        {state.waiting.length > 0
          ? `${plural(state.waiting.length, "personne attend", "personnes attendent")} dans la file. Prenez la première, ou lisez avant de choisir.`
          : "Personne n’attend en ce moment."}
      </p>
      <p class="quiet">Au clavier{"\u00a0"}: <kbd>j</kbd> et <kbd>k</kbd> parcourent la liste, <kbd>Entrée</kbd> prend la conversation, <kbd>?</kbd> affiche l’aide.</p>
    </section>
  );
}

const NOTICE_MS = 8_000;

function Notices({ notices, onDismiss }: { notices: readonly Notice[]; onDismiss(id: number): void }) {
  return (
    <section class="notices" aria-label="Avis" aria-live="polite" data-testid="notices">
      {notices.map((notice) => <NoticeLine key={notice.id} notice={notice} onDismiss={onDismiss} />)}
    </section>
  );
}

function NoticeLine({ notice, onDismiss }: { notice: Notice; onDismiss(id: number): void }) {
  const dismiss = useRef(onDismiss);
  dismiss.current = onDismiss;
  useEffect(() => {
    // Bad news stays until it has been read.
    if (notice.tone === "bad") return;
    const timer = setTimeout(() => dismiss.current(notice.id), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [notice.id, notice.tone]);
  return (
    <div class="notice" data-tone={notice.tone} data-testid="notice">
      <p>{notice.text}</p>
      <button class="button button-ghost button-small" type="button" aria-label="Masquer cet avis" onClick={() => onDismiss(notice.id)}>✕</button>
    </div>
  );
}

interface Keys {
  state: State;
  blocked: boolean;
  open(id: string, focus: "reply"): void;
  toList(): void;
  help(): void;
}

function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!event.defaultPrevented && press(event, latest.current)) event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

/** True when the key meant something. */
function press(event: KeyboardEvent, { state, blocked, open, toList, help }: Keys): boolean {
  if (blocked || event.ctrlKey || event.metaKey || event.isComposing) return false;
  const target = event.target instanceof Element ? event.target : document.body;
  const typing = target.matches("input, textarea, select");
  if (event.altKey) {
    // By the key's place: on a French keyboard the digits need Shift.
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    const at = state.mine.findIndex((item) => item.conversation_id === state.selected);
    const index = digit ? Number(digit) - 1
      : event.key === "ArrowDown" ? Math.min(at + 1, state.mine.length - 1)
      : event.key === "ArrowUp" ? Math.max(at - 1, 0) : -1;
    const item = state.mine[index];
    if (item) open(item.conversation_id, "reply");
    return item !== undefined;
  }
  if (event.key === "Escape") {
    toList();
    return true;
  }
  const inList = target.closest("#list") !== null;
  if (inList && event.key === "ArrowDown") return moveInList(1);
  if (inList && event.key === "ArrowUp") return moveInList(-1);
  if (typing || !state.singleKeys) return false;
  switch (event.key) {
    case "j":
      return moveInList(1);
    case "k":
      return moveInList(-1);
    case "l": {
      const read = target.closest(".row")?.querySelector<HTMLElement>("[data-read]");
      read?.click();
      return Boolean(read);
    }
    case "r": {
      const reply = document.querySelector<HTMLElement>("#reply");
      reply?.focus();
      return reply !== null;
    }
    case "?":
      help();
      return true;
    default:
      return false;
  }
}
