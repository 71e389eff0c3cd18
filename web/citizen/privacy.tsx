import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icon";
import { privacy } from "./texts";

/** What this browser keeps, how to erase it, and what only the person can erase (the history). */
export function Privacy({ open, onClose, onErase }: { open: boolean; onClose(): void; onErase: (() => void) | null }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const box = dialog.current;
    if (open && !box?.open) box?.showModal();
    if (!open && box?.open) box.close();
  }, [open]);

  return (
    <dialog
      ref={dialog}
      class="privacy"
      aria-labelledby="privacy-title"
      data-testid="privacy-dialog"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose(); // the backdrop
      }}
    >
      <div class="privacy-body">
        <div class="privacy-head">
          <h2 id="privacy-title">{privacy.title}</h2>
          <button type="button" class="icon-button" aria-label={privacy.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
        <p>{privacy.kept}</p>
        <h3>{privacy.history}</h3>
        <p>{privacy.historyText}</p>
        <ul class="steps">
          {privacy.historySteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ul>
        <p class="muted">{privacy.safer}</p>
        {onErase && (
          <div class="privacy-erase">
            <p>{privacy.eraseText}</p>
            <button type="button" class="button button-danger" data-testid="erase" onClick={onErase}>
              {privacy.erase}
            </button>
          </div>
        )}
      </div>
    </dialog>
  );
}
