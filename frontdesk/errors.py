"""Every error that a client can be told. `docs/errors.md` lists them; a test compares the two."""

from __future__ import annotations

from typing import Any, ClassVar


class ServiceError(Exception):
    """An error with a stable code, an HTTP status and a French sentence that says what to do next."""

    code: ClassVar[str]
    status: ClassVar[int]
    message: ClassVar[str]

    def __init__(self, message: str | None = None, **details: Any) -> None:
        self.text = message or self.message
        self.details = details
        super().__init__(self.text)

    def body(self) -> dict[str, Any]:
        """The one JSON shape of an error."""
        return {"error": {"code": self.code, "message": self.text, "details": self.details}}


class BadRequest(ServiceError):
    code, status = "bad_request", 400
    message = "La demande n’est pas bien formée : vérifiez les champs envoyés."


class TextTooLong(ServiceError):
    code, status = "text_too_long", 422
    message = "Votre message dépasse 2 000 caractères. Raccourcissez-le ou envoyez-le en plusieurs fois."


class TextEmpty(ServiceError):
    code, status = "text_empty", 422
    message = "Le message est vide : écrivez quelques mots avant d’envoyer."


class BodyTooLarge(ServiceError):
    code, status = "body_too_large", 413
    message = "La demande est trop volumineuse (64 Kio au plus)."


class NoToken(ServiceError):
    code, status = "no_token", 401
    message = "Cette conversation n’est pas accessible : son jeton manque (en-tête Authorization: Bearer)."


class NotFound(ServiceError):
    code, status = "not_found", 404
    message = "Cette page ou cette conversation n’existe pas, ou son jeton ne correspond pas."


class MethodNotAllowed(ServiceError):
    code, status = "method_not_allowed", 405
    message = "Cette adresse n’accepte pas cette méthode."


class RateLimited(ServiceError):
    code, status = "rate_limited", 429
    message = "Trop de demandes en peu de temps. Patientez un instant, puis renvoyez."


class TooManySockets(ServiceError):
    code, status = "too_many_sockets", 429
    message = "Cette conversation est ouverte dans trop d’onglets. Fermez-en un pour continuer ici."


class NotWaiting(ServiceError):
    code, status = "not_waiting", 409
    message = "Un agent a déjà pris cette conversation : vous pouvez lui écrire directement."


class BadOrigin(ServiceError):
    code, status = "bad_origin", 403
    message = "Cette page n’a pas le droit d’utiliser ce service."


class NotSignedIn(ServiceError):
    code, status = "not_signed_in", 401
    message = "Votre session est terminée. Connectez-vous de nouveau."


class BadCredentials(ServiceError):
    code, status = "bad_credentials", 401
    message = "Adresse e-mail ou mot de passe incorrect. Vérifiez les deux et réessayez."


class LockedOut(ServiceError):
    code, status = "locked_out", 429
    message = "Trop d’essais manqués : la connexion est suspendue 15 minutes avec cette adresse e-mail."


class BadCsrfToken(ServiceError):
    code, status = "bad_csrf_token", 403
    message = "La page n’est plus à jour. Rechargez-la, puis recommencez."


class AlreadyClaimed(ServiceError):
    code, status = "already_claimed", 409
    message = "Une autre personne vient de prendre cette conversation."


class NotQueued(ServiceError):
    code, status = "not_queued", 409
    message = "Cette conversation n’attend plus d’agent."


class NotOwner(ServiceError):
    code, status = "not_owner", 409
    message = "Cette conversation n’est plus à vous : elle est retournée dans la file, a été reprise par un autre agent ou est terminée."


class NotYours(ServiceError):
    code, status = "not_yours", 403
    message = "Vous ne pouvez lire que vos conversations et celles de la file."


class BadSignature(ServiceError):
    code, status = "bad_signature", 401
    message = "La signature du webhook n’est pas valide : vérifiez le secret, l’horodatage et le corps envoyé."


class AgentExists(ServiceError):
    code, status = "agent_exists", 409
    message = "Un compte existe déjà avec cette adresse."


class NoSuchAgent(ServiceError):
    code, status = "no_such_agent", 404
    message = "Aucun compte actif n’a cette adresse."


class WeakPassword(ServiceError):
    code, status = "weak_password", 422
    message = "Le mot de passe doit compter entre 12 et 256 caractères."


class InternalError(ServiceError):
    code, status = "internal", 500
    message = "Une erreur s’est produite de notre côté. Réessayez dans un instant ; en cas de danger, appelez le 17."
