import { useState } from "preact/hooks";
import { copyText } from "../shared/clipboard";
import type { Submission } from "../shared/schemas";
import { asText, caution, facts, inOrder, submissionTitle } from "./submissions";

/** What the citizen submitted, above the transcript; it scrolls by itself and can be folded, so that both stay in sight. */
export function Submissions({ submissions }: { submissions: readonly Submission[] }) {
  if (submissions.length === 0) return null;
  const ordered = inOrder(submissions);
  return (
    <section class="submissions" aria-label="Demandes enregistrées" tabIndex={0} data-testid="submissions">
      {ordered.map((one, index) => <Panel key={one.number} one={one} newest={index === ordered.length - 1} />)}
    </section>
  );
}

function Panel({ one, newest }: { one: Submission; newest: boolean }) {
  // Older ones start folded, so that every title is in sight; what somebody is reading stays open when another one comes.
  const [open] = useState(newest);
  return (
    <details class="submission" open={open} data-testid="submission" data-number={one.number}>
      <summary><h3>{submissionTitle(one)}</h3></summary>
      <p class="quiet">{caution(one)}</p>
      {one.kind === "incident" && !one.intact && (
        <p class="callout callout-bad" role="alert" data-testid="not-intact">
          Cette déclaration ne correspond plus à ce qui a été enregistré. Ne l’utilisez pas et prévenez votre encadrement.
        </p>
      )}
      <dl>
        {facts(one).map(({ label, value, href }, index) => (
          <div key={index}>
            <dt>{label}</dt>
            <dd class="text">{href === undefined ? value : <a href={href}>{value}</a>}</dd>
          </div>
        ))}
      </dl>
      <Copy one={one} />
    </details>
  );
}

function Copy({ one }: { one: Submission }) {
  const [told, setTold] = useState("");
  const copy = async (text: string, done: string): Promise<void> => {
    setTold((await copyText(text)) ? done : "La copie n’a pas fonctionné\u00a0: sélectionnez le texte.");
  };
  return (
    <p class="submission-foot">
      <button class="button button-small" type="button" data-testid="copy-number" aria-label={`Copier le numéro ${one.number}`}
        onClick={() => void copy(one.number, "Numéro copié.")}>Copier le numéro</button>
      <button class="button button-small" type="button" data-testid="copy-all" aria-label={`Copier la fiche ${one.number}`}
        onClick={() => void copy(asText(one), "Fiche copiée.")}>Copier la fiche</button>
      <span class="quiet" role="status" data-testid="copied">{told}</span>
    </p>
  );
}
