"""The command line: `relais …`. Errors are one sentence on stderr: exit code 1 for what went wrong, 2 for a wrong use."""

from __future__ import annotations

import asyncio
import fcntl
import functools
import getpass
import io
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec, TextIO, TypeVar

import typer

from frontdesk.environment import OperatorError
from frontdesk.settings import ROOT

if TYPE_CHECKING:
    from frontdesk.alarm import EmergencyReader
    from frontdesk.db import Sessions
    from frontdesk.settings import Settings

# What a command needs beyond this is imported inside it: `relais --help` then answers at once.

P = ParamSpec("P")
T = TypeVar("T")

READY_LIMIT = 120.0  # seconds from the first process to the first 200 of /readyz

app = typer.Typer(
    help="Relais : l’accueil d’un commissariat numérique.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
db_app = typer.Typer(help="La base de données.", no_args_is_help=True)
agents_app = typer.Typer(help="Les comptes des agents.", no_args_is_help=True)
nlu_app = typer.Typer(help="Ce que l’assistant comprend.", no_args_is_help=True)
content_app = typer.Typer(help="Les exemples et les réponses, pour qui les écrit.", no_args_is_help=True)
emergency_app = typer.Typer(help="Lit ce qui déclenche la carte d’urgence.", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(agents_app, name="agents")
app.add_typer(nlu_app, name="nlu")
app.add_typer(content_app, name="content")
app.add_typer(emergency_app, name="emergency")


def _one_sentence(command: Callable[P, T]) -> Callable[P, T]:
    """Turns the errors that an operator can put right into one sentence on stderr and exit code 1."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        from frontdesk.errors import ServiceError

        try:
            return command(*args, **kwargs)
        except (OperatorError, ServiceError) as error:
            problem = str(error)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        typer.echo(f"Erreur : {problem}", err=True)
        raise typer.Exit(1)

    return wrapped


def _settings() -> Settings:
    """The settings, with the defaults and secrets of this installation put into the environment first."""
    from pydantic import ValidationError

    from frontdesk.environment import process_environment
    from frontdesk.settings import Settings

    os.environ.update(process_environment())
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise OperatorError(f"Le réglage RELAIS_{name} n’est pas valable ({first['msg']}) : corrigez-le, README.md les décrit.") from error


@contextmanager
def _database_errors() -> Iterator[None]:
    """Turns a database that is missing, closed or not migrated into an `OperatorError`."""
    from asyncpg.exceptions import PostgresError
    from sqlalchemy.exc import ArgumentError, DBAPIError

    try:
        yield
    except (ArgumentError, DBAPIError, PostgresError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        if "no such table" in str(cause) or type(cause).__name__ == "UndefinedTableError":
            raise OperatorError("La base de données n’est pas encore prête : lancez « relais db upgrade ».") from error
        raise OperatorError(
            f"La base de données ne répond pas ({type(cause).__name__}) : vérifiez RELAIS_DATABASE_URL, les droits et l’espace disque."
        ) from error


def _with_database(work: Callable[[Sessions], Awaitable[T]]) -> T:
    """Runs `work` with sessions of the configured database."""
    from frontdesk.db import create_engine, create_sessions

    url = _settings().database_url

    async def run() -> T:
        engine = create_engine(url)
        try:
            return await work(create_sessions(engine))
        finally:
            await engine.dispose()

    with _database_errors():
        return asyncio.run(run())


# -- up --------------------------------------------------------------------------------------------


@app.command(epilog="Exemples : relais up · RELAIS_PORT=9000 relais up")
@_one_sentence
def up(
    keep_model: Annotated[
        bool,
        typer.Option("--keep-model", help="Démarre avec le dernier modèle, même si les données ont changé depuis."),
    ] = False,
) -> None:
    """Démarre tout, et relance ce qui s’arrête. Ctrl-C arrête tout."""
    from frontdesk import db
    from frontdesk.environment import check_ports, process_environment, state_directory
    from frontdesk.processes import Supervisor, load_procfile

    settings = _settings()
    environment = process_environment()
    state = state_directory()
    with (state / "up.lock").open("a+") as lock:  # the directory is there: the secrets are in it
        _lock(lock)
        check_ports(environment)
        commands = load_procfile(ROOT / "Procfile")
        with _database_errors():
            db.upgrade(settings.database_url)
        _train_if_needed(environment, keep_model=keep_model)
        base = f"http://127.0.0.1:{settings.port}"
        if settings.host not in ("127.0.0.1", "0.0.0.0", "::", "localhost"):  # noqa: S104  # compared, not listened on
            base = f"http://{settings.host}:{settings.port}"
        typer.echo("Démarrage…")
        supervisor = Supervisor(
            commands,
            environment=environment,
            directory=ROOT,
            logs=state / "log",
            ready_url=f"{base}/readyz",
            ready_limit=READY_LIMIT,
            on_ready=lambda: _welcome(supervisor.say, base),
        )
        supervisor.run()
    typer.echo("Tout est arrêté.")


def _lock(lock: TextIO) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        owner = lock.read(20).strip()
        raise OperatorError(f"Relais tourne déjà dans ce dossier (processus {owner}) : arrêtez-le d’abord avec Ctrl-C.") from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()


def _train_if_needed(environment: dict[str, str], *, keep_model: bool) -> None:
    from frontdesk.training import is_trained, model_file

    if keep_model:
        if not model_file().is_file():
            raise OperatorError("Il n’y a pas encore de modèle à garder : relancez sans --keep-model.")
    elif not is_trained():
        _train(environment)
    if not keep_model:
        _train_emergency_model()


def _train(environment: dict[str, str], *, force: bool = False) -> None:
    from frontdesk.training import train as train_model

    live = sys.stdout.isatty()
    typer.echo("Entraînement de l’assistant…", nl=not live)
    told = 0.0

    def tick(elapsed: float) -> None:
        nonlocal told
        if live:
            typer.echo(f"\rEntraînement de l’assistant… {elapsed:.0f} s", nl=False)
        elif elapsed - told >= 15:
            told = elapsed
            typer.echo(f"  toujours en cours ({elapsed:.0f} s)")

    try:
        took = train_model(environment, tick, force=force)
    finally:
        if live:
            typer.echo()
    typer.echo(f"Assistant entraîné en {took:.0f} s.")


def _train_emergency_model() -> bool:
    from frontdesk import emergency_model

    try:
        trained = emergency_model.train()
        if trained:
            typer.echo("La seconde lecture des urgences est entraînée.")
        return trained
    except emergency_model.ExamplesError as error:
        raise OperatorError(f"La seconde lecture des urgences n’a pas pu être entraînée. {error}") from error


def _welcome(say: Callable[[str], None], base: str) -> None:
    from frontdesk.agents import list_agents

    open_accounts = [agent for agent in _with_database(list_agents) if agent.disabled_at is None]
    say("")
    say("Relais est prêt.")
    say(f"  Page des usagers :   {base}/")
    say(f"  Console des agents : {base}/agent/")
    if not open_accounts:
        say("  Aucun compte d’agent. Pour en ouvrir un :")
        say('    .venv/bin/relais agents add prenom.nom@exemple.fr --name "Prénom Nom" --role agent')
    say("  Ctrl-C arrête tout.")
    say("")


# -- db, train -------------------------------------------------------------------------------------


@db_app.command("upgrade", epilog="Exemple : relais db upgrade")
@_one_sentence
def db_upgrade() -> None:
    """Met la base de données à la dernière version. Sans effet quand elle y est déjà."""
    from frontdesk import db

    settings = _settings()
    with _database_errors():
        db.upgrade(settings.database_url)
    typer.echo("La base de données est à jour.")


@app.command(epilog="Exemples : relais train · relais train --force")
@_one_sentence
def train(force: Annotated[bool, typer.Option("--force", help="Entraîne même si rien n’a changé.")] = False) -> None:
    """Entraîne l’assistant si ses données ont changé depuis la dernière fois. Un assistant qui tourne prend le nouveau modèle aussitôt."""
    from frontdesk.environment import process_environment
    from frontdesk.training import is_trained, reload_assistant

    if not force and is_trained():
        typer.echo("Le modèle est à jour.")
        _train_emergency_model()
        return
    environment = process_environment()
    _train(environment, force=force)
    running = reload_assistant(environment)  # before the emergencies: an editor waits for it
    if running:
        typer.echo("L’assistant qui tourne répond maintenant avec ce modèle.")
    if _train_emergency_model() and running:
        typer.echo("Le guichet qui tourne lira les urgences avec elle à son prochain démarrage.")


# -- agents ----------------------------------------------------------------------------------------


@agents_app.command(
    "add",
    epilog=(
        'Exemples : relais agents add marie@exemple.fr --name "Marie D." --role agent · '
        "relais agents add chef@exemple.fr --name Chef --role supervisor --password-stdin < mot-de-passe.txt"
    ),
)
@_one_sentence
def agents_add(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Adresse e-mail, qui sert à se connecter.")],
    name: Annotated[str, typer.Option(help="Nom que voient les usagers.")],
    role: Annotated[str, typer.Option(help="agent ou supervisor.")] = "agent",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Lit le mot de passe sur l’entrée standard, sans le demander.")
    ] = False,
) -> None:
    """Ouvre un compte. Le mot de passe est demandé deux fois, sans s’afficher ; 12 caractères au moins."""
    from frontdesk.agents import add_agent

    if role not in ("agent", "supervisor"):
        raise typer.BadParameter("le rôle est agent ou supervisor.", param_hint="--role")
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Mot de passe : ")
        if getpass.getpass("Encore une fois : ") != password:
            raise OperatorError("Les deux mots de passe diffèrent : recommencez.")
    else:
        raise typer.BadParameter("sans terminal, passez le mot de passe par --password-stdin.", param_hint="--password-stdin")
    agent = _with_database(lambda sessions: add_agent(sessions, email=email, name=name, role=role, password=password))
    typer.echo(f"Compte ouvert : {agent.email} ({agent.role}).")


@agents_app.command("list", epilog="Exemple : relais agents list")
@_one_sentence
def agents_list() -> None:
    """Liste les comptes : adresse, rôle, état, nom."""
    from frontdesk.agents import list_agents

    agents = _with_database(list_agents)
    if not agents:
        typer.echo("Aucun compte.")
    for agent in agents:
        state = "actif" if agent.disabled_at is None else f"fermé le {agent.disabled_at:%d/%m/%Y}"
        typer.echo(f"{agent.email:<32} {agent.role:<12} {state:<20} {agent.name}")


@agents_app.command("disable", epilog="Exemple : relais agents disable marie@exemple.fr")
@_one_sentence
def agents_disable(email: Annotated[str, typer.Argument(metavar="EMAIL", help="Adresse e-mail du compte.")]) -> None:
    """Ferme un compte : plus de connexion, et ses sessions ouvertes s’arrêtent."""
    from frontdesk.agents import disable_agent

    _with_database(lambda sessions: disable_agent(sessions, email))
    typer.echo(f"Compte fermé : {email}.")


# -- nlu -------------------------------------------------------------------------------------------


def _emergency_reader() -> EmergencyReader:
    from frontdesk.alarm import EmergencyReader
    from frontdesk.emergency import LexiconError
    from frontdesk.emergency_model import model_file

    try:
        return EmergencyReader.load(ROOT / "data" / "emergency.yml", model_file())
    except LexiconError as error:
        raise OperatorError(f"Le lexique d’urgence n’est pas valable. {error}") from error


@nlu_app.command(
    "evaluate",
    epilog="Exemples : relais nlu evaluate questions.tsv · relais nlu evaluate questions.tsv --json > mesure.json",
)
@_one_sentence
def nlu_evaluate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Fichier UTF-8, une ligne par message : texte<TAB>étiquette.")],
    as_json: Annotated[bool, typer.Option("--json", help="Écrit les chiffres en JSON.")] = False,
) -> None:
    """Mesure ce que l’assistant comprend. Étiquettes : un thème, out_of_scope, needs_human ou emergency."""
    from frontdesk import evaluation
    from frontdesk.environment import process_environment
    from frontdesk.training import model_file

    rows = evaluation.read_rows(file)
    if not model_file().is_file():
        raise OperatorError("Il n’y a pas encore de modèle : lancez d’abord « relais train ».")
    reader = _emergency_reader()
    environment = process_environment()
    figures = evaluation.evaluate(
        rows,
        evaluation.known_topics(),
        lambda texts: evaluation.parse_texts(texts, environment),
        lambda text: (alarm := reader.read_now(text)) is not None and alarm.match is not None,
    )
    typer.echo(json.dumps(figures, ensure_ascii=False, indent=2) if as_json else evaluation.as_text(figures))


@emergency_app.command("explain", epilog='Exemple : relais emergency explain "il est devant ma porte"')
@_one_sentence
def emergency_explain(text: Annotated[str, typer.Argument(metavar="TEXTE", help="Le message à lire, entre guillemets.")]) -> None:
    """Dit pourquoi un message montre, ou non, la carte d’urgence. Rien n’est gardé."""
    from frontdesk.emergency import Lexicon
    from frontdesk.emergency_model import SOFT, URGENT

    reader = _emergency_reader()
    for hit in Lexicon.load(ROOT / "data" / "emergency.yml").explain(text):
        why = "" if hit.shown else " (ne compte pas : la phrase est un récit)"
        typer.echo(f"Lexique, {hit.category} : « {hit.pattern} »" + (why if hit.named else " (indices seulement)"))
    likelihood = reader.likelihood(text)
    if likelihood is None:
        typer.echo("Seconde lecture : absente. Lancez « relais train ».")
    else:
        typer.echo(f"Seconde lecture : {likelihood:.2f} (carte à partir de {URGENT:.2f}, rappel des numéros à partir de {SOFT:.2f}).")
    alarm = reader.read_now(text)
    typer.echo(
        "Rien ne s’affiche."
        if alarm is None
        else "Les numéros sont rappelés avant la réponse."
        if alarm.match is None
        else f"La carte « {alarm.match.category} » s’affiche."
    )


# -- content ---------------------------------------------------------------------------------------


@content_app.command("check", epilog="Exemples : relais content check · relais content check --json > contenu.json")
@_one_sentence
def content_check(as_json: Annotated[bool, typer.Option("--json", help="Écrit le rapport en JSON.")] = False) -> None:
    """Relit exemples et réponses : doublons, thèmes qui se ressemblent, faits à relire, liens. Code 1 s’il y a des erreurs."""
    from datetime import UTC, datetime

    from frontdesk import content

    read = content.load(ROOT)
    findings = content.check(read, datetime.now(UTC).astimezone().date())
    typer.echo(json.dumps(content.as_json(read, findings), ensure_ascii=False, indent=2) if as_json else content.as_text(read, findings))
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(1)


@content_app.command("suggestions", epilog="Exemples : relais content suggestions · relais content suggestions --limit 20 --json")
@_one_sentence
def content_suggestions(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="Combien au plus, de 1 à 1 000.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Écrit la liste en JSON.")] = False,
) -> None:
    """Montre ce que l’assistant n’a pas compris, les données personnelles masquées, et le thème choisi ensuite. Rien n’est gardé."""
    from frontdesk.suggestions import suggestions

    found = _with_database(lambda sessions: suggestions(sessions, limit))
    if as_json:
        listed = [{"text": one.text, "times": one.times, "chosen": dict(one.chosen)} for one in found]
        typer.echo(json.dumps(listed, ensure_ascii=False, indent=2))
        return
    if not found:
        typer.echo("Rien : aucun message n’est resté incompris.")
    for one in found:
        chosen = ", ".join(f"{topic} ({times})" for topic, times in one.chosen.most_common(3))
        typer.echo(f"{one.times:>4} × {one.text}" + (f"\n       choisi ensuite : {chosen}" if chosen else ""))


def main() -> None:
    """Entry point: as `app`, whatever the terminal's encoding is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()
