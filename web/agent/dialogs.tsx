import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { sentence, type Console, type State } from "./console";
import { useModal } from "./hooks";
import { draftOf, outgoingOf } from "./outbox";
import { OUTCOMES, OUTCOME_WORDS, plural, shortName, type Outcome } from "./words";

const NOTE_LIMIT = 2_000;

function Modal({ title, onClose, children, testid }: { title: string; onClose(): void; children: ComponentChildren; testid: string }) {
  const ref = useModal();
  return (
    <dialog ref={ref} class="dialog" aria-labelledby="dialog-title" onCancel={(event) => { event.preventDefault(); onClose(); }} data-testid={testid}>
      <div class="dialog-head">
        <h2 id="dialog-title">{title}</h2>
        <button class="button button-ghost button-small" type="button" onClick={onClose} aria-label="Fermer cette fenêtre">✕</button>
      </div>
      {children}
    </dialog>
  );
}

/** Asks how a conversation ended. */
export function CloseDialog({ desk, state, id, toAssistant, onClose }: {
  desk: Console; state: State; id: string; toAssistant: boolean; onClose(): void;
}) {
  const [back, setBack] = useState(toAssistant);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const note = useRef<HTMLTextAreaElement>(null);
  const unsent = draftOf(state.writing, id) !== "" || outgoingOf(state.writing, id).some((one) => one.state !== "stored");

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    if (outcome === null) {
      setProblem("Indiquez comment la conversation s’est terminée.");
      form.current?.querySelector<HTMLInputElement>("input[name=outcome]")?.focus();
      return;
    }
    setBusy(true);
    setProblem(null);
    const words = note.current?.value.trim() ?? "";
    try {
      await desk.close(id, { outcome, return_to_assistant: back, ...(words ? { note: words } : {}) });
      onClose();
    } catch (failure) {
      setBusy(false);
      setProblem(sentence(failure));
    }
  };

  return (
    <Modal title={back ? "Rendre à l’assistant" : "Terminer la conversation"} onClose={onClose} testid="close-dialog">
      <form ref={form} noValidate onSubmit={(event) => void submit(event)}>
        {unsent && <p class="callout callout-warning">Ce que vous avez écrit sans l’envoyer sera effacé.</p>}
        <fieldset aria-describedby="outcome-problem">
          <legend>Résultat pour la conversation {shortName(id)}</legend>
          {OUTCOMES.map((one) => (
            <label class="choice" key={one}>
              <input type="radio" name="outcome" value={one} checked={outcome === one} onChange={() => { setOutcome(one); setProblem(null); }}
                data-testid={`outcome-${one}`} />
              {OUTCOME_WORDS[one]}
            </label>
          ))}
        </fieldset>
        <fieldset>
          <legend>Et ensuite{"\u00a0"}?</legend>
          <label class="choice">
            <input type="radio" name="next" checked={!back} onChange={() => setBack(false)} data-testid="next-end" />
            <span>Terminer<span class="quiet"> – la personne voit que l’échange est clos</span></span>
          </label>
          <label class="choice">
            <input type="radio" name="next" checked={back} onChange={() => setBack(true)} data-testid="next-assistant" />
            <span>Rendre à l’assistant<span class="quiet"> – il reprend la suite de la conversation</span></span>
          </label>
        </fieldset>
        <label for="note">Note interne (facultative)</label>
        <textarea class="field" id="note" ref={note} rows={2} maxLength={NOTE_LIMIT} data-testid="note-field" />
        <div role="alert" id="outcome-problem">{problem !== null && <p class="callout callout-bad">{problem}</p>}</div>
        <div class="dialog-foot">
          <button class="button" type="button" onClick={onClose}>Annuler</button>
          <button class="button button-primary" type="submit" aria-disabled={busy} data-testid="close-submit">
            {back ? "Rendre à l’assistant" : "Terminer la conversation"}
          </button>
        </div>
      </form>
    </Modal>
  );
}

/** One question, one thing to do. */
export function ConfirmDialog({ title, text, action, onDo, onClose, testid }: {
  title: string; text: string; action: string; onDo(): Promise<void>; onClose(): void; testid: string;
}) {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await onDo();
      onClose();
    } catch (failure) {
      setBusy(false);
      setProblem(sentence(failure));
    }
  };
  return (
    <Modal title={title} onClose={onClose} testid={testid}>
      <p>{text}</p>
      <div role="alert">{problem !== null && <p class="callout callout-bad">{problem}</p>}</div>
      <div class="dialog-foot">
        <button class="button" type="button" onClick={onClose}>Annuler</button>
        <button class="button button-primary" type="button" aria-disabled={busy} onClick={() => void act()} data-testid="confirm">{action}</button>
      </div>
    </Modal>
  );
}

export function signOutText(state: State): string {
  return `${plural(state.mine.length, "conversation retournera", "conversations retourneront")} tout de suite en tête de la file. `
    + "Les brouillons de cet onglet seront effacés.";
}

const KEYS: readonly [keys: string[], what: string][] = [
  [["j", "↓"], "Ligne suivante de la liste"],
  [["k", "↑"], "Ligne précédente de la liste"],
  [["Entrée"], "Sur une ligne de la file\u00a0: prendre la conversation"],
  [["l"], "Sur une ligne de la file\u00a0: lire sans prendre"],
  [["r"], "Aller à la réponse"],
  [["Alt", "1 à 9"], "Ouvrir la conversation de ce rang"],
  [["Alt", "↑ ou ↓"], "Conversation précédente ou suivante"],
  [["Échap"], "Fermer une fenêtre, ou revenir à la liste"],
  [["?"], "Afficher cette aide"],
];

export function HelpDialog({ desk, state, onClose }: { desk: Console; state: State; onClose(): void }) {
  return (
    <Modal title="Raccourcis clavier" onClose={onClose} testid="help-dialog">
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="quiet">Les flèches agissent quand la liste a le curseur. Dans la réponse, Entrée envoie et Maj{"\u00a0"}+{"\u00a0"}Entrée va à la ligne.</p>
      <label class="choice">
        <input type="checkbox" checked={state.singleKeys} onChange={(event) => desk.setSingleKeys(event.currentTarget.checked)} data-testid="single-keys" />
        <span>Raccourcis d’une seule touche (j, k, l, r, ?)<span class="quiet"> – à couper si vous dictez ou si une touche part trop vite</span></span>
      </label>
    </Modal>
  );
}
