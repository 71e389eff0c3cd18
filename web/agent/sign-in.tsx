import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../shared/errors";
import { timeOfDay } from "../shared/format";
import icon from "../shared/icon.svg?url";
import { sentence, type Console } from "./console";

type Field = "email" | "password";
interface Problem { field: Field | null; text: string }

const LOCKED_SECONDS = 15 * 60;

export function SignIn({ desk, notice }: { desk: Console; notice: string | null }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState(false);
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);

  useEffect(() => email.current?.focus(), []);

  const refuse = (found: Problem): void => {
    setProblem(found);
    const field = found.field === "email" ? email.current : found.field === "password" ? password.current : null;
    field?.focus();
    field?.select();
  };

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const address = email.current?.value.trim() ?? "";
    const secret = password.current?.value ?? "";
    if (address === "") return refuse({ field: "email", text: "Indiquez votre adresse e-mail." });
    if (!/^[^@\s]+@[^@\s]+$/.test(address)) {
      return refuse({ field: "email", text: "Cette adresse e-mail est incomplète. Exemple\u00a0: prenom.nom@exemple.fr" });
    }
    if (secret === "") return refuse({ field: "password", text: "Indiquez votre mot de passe." });
    setBusy(true);
    setProblem(null);
    try {
      await desk.signIn(address, secret);
    } catch (failure) {
      setBusy(false);
      refuse(explain(failure));
    }
  };

  const invalid = (field: Field) =>
    problem?.field === field ? { "aria-invalid": true, "aria-describedby": "sign-in-problem" } as const : {};

  const secretField = {
    class: "field", id: "password", ref: password, autocomplete: "current-password", maxLength: 256, spellcheck: false,
    "data-testid": "password", ...invalid("password"),
  } as const;

  return (
    <main class="sign-in" data-testid="sign-in">
      <form class="sign-in-card" noValidate onSubmit={(event) => void submit(event)} aria-labelledby="sign-in-title">
        <p class="brand"><img src={icon} alt="" width="28" height="28" />Relais</p>
        <h1 id="sign-in-title">Console des agents</h1>
        {notice !== null && <p class="callout" role="status" data-testid="sign-in-notice">{notice}</p>}
        <div role="alert">
          {problem !== null && <p class="callout callout-bad" id="sign-in-problem" data-testid="sign-in-problem">{problem.text}</p>}
        </div>
        <div class="sign-in-field">
          <label for="email">Adresse e-mail</label>
          <input class="field" id="email" ref={email} type="email" autocomplete="username" maxLength={254}
            autocapitalize="none" spellcheck={false} data-testid="email" {...invalid("email")} />
        </div>
        <div class="sign-in-field">
          <label for="password">Mot de passe</label>
          <div class="with-button">
            {shown ? <input type="text" {...secretField} /> : <input type="password" {...secretField} />}
            <button class="button button-ghost" type="button" onClick={() => setShown(!shown)}>
              {shown ? "Masquer" : "Afficher"}<span class="visually-hidden"> le mot de passe</span>
            </button>
          </div>
        </div>
        <button class="button button-primary" type="submit" aria-disabled={busy} data-testid="sign-in-submit">
          {busy ? "Connexion…" : "Se connecter"}
        </button>
        <p class="quiet">Mot de passe oublié ou compte bloqué{"\u00a0"}? Adressez-vous à la personne qui gère les comptes.</p>
      </form>
    </main>
  );
}

function explain(failure: unknown): Problem {
  if (failure instanceof ApiError && failure.code === "locked_out") {
    const until = new Date(Date.now() + (failure.retryAfter ?? LOCKED_SECONDS) * 1_000).toISOString();
    return {
      field: null,
      text: `Trop d’essais manqués\u00a0: la connexion avec cette adresse est suspendue. Réessayez à partir de ${timeOfDay(until)}. Le mot de passe n’a pas changé.`,
    };
  }
  if (failure instanceof ApiError && failure.code === "bad_credentials") return { field: "password", text: failure.message };
  return { field: null, text: sentence(failure) };
}
