/**
 * The French sentence of each error that a person may meet. A code without a sentence does not compile; a code of
 * frontdesk/errors.py without one fails shared/errors.test.ts.
 */

/** Codes of the front desk (docs/errors.md). */
export type ServerErrorCode =
  | "bad_request"
  | "text_too_long"
  | "text_empty"
  | "body_too_large"
  | "no_token"
  | "not_found"
  | "method_not_allowed"
  | "rate_limited"
  | "too_many_sockets"
  | "not_waiting"
  | "bad_origin"
  | "not_signed_in"
  | "bad_credentials"
  | "locked_out"
  | "bad_csrf_token"
  | "already_claimed"
  | "not_queued"
  | "not_owner"
  | "not_yours"
  | "bad_signature"
  | "agent_exists"
  | "no_such_agent"
  | "weak_password"
  | "internal";

/** What only this side can notice: no connection, no answer in time, an answer that is not what docs/api.md says. */
export type ClientErrorCode = "network" | "timeout" | "bad_answer";

export type ErrorCode = ServerErrorCode | ClientErrorCode;

export const sentences: Record<ErrorCode, string> = {
  bad_request: "La demande n’a pas été comprise. Rechargez la page, puis réessayez.",
  text_too_long: "Votre message dépasse 2 000 caractères. Raccourcissez-le ou envoyez-le en plusieurs fois.",
  text_empty: "Le message est vide : écrivez quelques mots avant d’envoyer.",
  body_too_large: "Votre envoi est trop volumineux. Raccourcissez-le ou envoyez-le en plusieurs fois.",
  no_token: "Cette conversation n’est plus accessible depuis cette page. Vous pouvez en commencer une nouvelle.",
  not_found: "Cette conversation est introuvable.",
  method_not_allowed: "La demande n’a pas été comprise. Rechargez la page, puis réessayez.",
  rate_limited: "Trop de demandes en peu de temps. Patientez un instant, puis réessayez.",
  too_many_sockets: "Cette conversation est ouverte dans trop d’onglets. Fermez-en un pour continuer ici.",
  not_waiting: "Un agent a déjà pris cette conversation : vous pouvez lui écrire directement.",
  bad_origin: "Cette page n’a pas le droit d’utiliser ce service.",
  not_signed_in: "Votre session est terminée. Connectez-vous de nouveau.",
  bad_credentials: "Adresse e-mail ou mot de passe incorrect. Vérifiez les deux et réessayez.",
  locked_out: "Trop d’essais manqués : la connexion est suspendue 15 minutes avec cette adresse e-mail.",
  bad_csrf_token: "La page n’est plus à jour. Rechargez-la, puis recommencez.",
  already_claimed: "Une autre personne vient de prendre cette conversation.",
  not_queued: "Cette conversation n’attend plus d’agent.",
  not_owner: "Cette conversation n’est plus à vous : elle est retournée dans la file, a été reprise par un autre agent ou est terminée.",
  not_yours: "Vous ne pouvez lire que vos conversations et celles de la file.",
  bad_signature: "La demande n’est pas signée correctement.",
  agent_exists: "Un compte existe déjà avec cette adresse.",
  no_such_agent: "Aucun compte actif n’a cette adresse.",
  weak_password: "Le mot de passe doit compter entre 12 et 256 caractères.",
  internal: "Le service rencontre une difficulté. Réessayez dans un instant ; en cas de danger, appelez le 17.",
  network: "La connexion est interrompue. Vérifiez votre réseau.",
  timeout: "Le service met trop de temps à répondre. Réessayez dans un instant.",
  bad_answer: "Le service a répondu de façon inattendue. Réessayez dans un instant.",
};

export const isErrorCode = (code: string): code is ErrorCode => Object.prototype.hasOwnProperty.call(sentences, code);

/** Why a call failed. `message` is French and can be shown; `status` is 0 when there was no HTTP answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly code: string,
    readonly status: number,
    serverMessage?: string,
    /** Seconds to wait before trying again, from Retry-After, else null. */
    readonly retryAfter: number | null = null,
    readonly details: Record<string, unknown> = {},
  ) {
    super(isErrorCode(code) ? sentences[code] : serverMessage || sentences.bad_answer);
  }

  /** True when the same call may succeed later as it is: no connection, too much traffic, trouble on the other side. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}
