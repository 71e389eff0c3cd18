"""`relais nlu evaluate`: how well the assistant understands a file of labelled messages. docs/understanding.md defines every figure."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frontdesk.environment import OperatorError
from frontdesk.settings import ROOT

TOPIC_PREFIX = "faq/"
OTHER_LABELS = frozenset({"out_of_scope", "needs_human", "emergency"})
FALLBACK = "nlu_fallback"
OFFERS_PERSON = frozenset({"human", "front_door", "other_language", FALLBACK})  # intents whose answer offers a person
HEADER_LABELS = frozenset({"label", "topic_id", "topic", "intent"})
TEXT_LIMIT = 2_000  # characters: what a citizen can send; longer texts are cut as the page would ask for
FILE_LIMIT = 50 * 1024 * 1024  # bytes
CONFUSIONS = 15
PARSE_LIMIT = 3_600.0  # seconds for a whole file


@dataclass(frozen=True)
class Row:
    """One labelled message; `label` is a topic id without prefix, or one of `OTHER_LABELS`."""

    text: str
    label: str


@dataclass(frozen=True)
class Parse:
    """What the model says: the intent that the assistant acts on, and all labels by falling confidence, the fallback left out."""

    intent: str
    ranking: tuple[str, ...]


def read_rows(path: Path) -> list[Row]:
    """The rows of a `text<TAB>label` file; a header line, further columns and empty lines are allowed.

    Raises `OperatorError` with the line number for a line that is anything else.
    """
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise OperatorError(f"{path} dépasse {FILE_LIMIT // 1024 // 1024} Mio : coupez le fichier.")
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise OperatorError(f"{path} n’est pas lisible ({error.strerror}) : vérifiez le chemin.") from error
    except UnicodeDecodeError as error:
        bad = error.object[: error.start].count(b"\n") + 1
        raise OperatorError(f"{path}, ligne {bad} : le fichier doit être en UTF-8.") from error
    rows: list[Row] = []
    # Only line feeds end a line: str.splitlines() would also cut at characters that people paste inside a message.
    for number, raw in enumerate(content.split("\n"), start=1):
        line = raw.rstrip("\r")
        if not line.strip():
            continue
        columns = line.split("\t")
        if len(columns) < 2:
            raise OperatorError(f"{path}, ligne {number} : il manque la tabulation entre le texte et l’étiquette.")
        text, label = _unquoted(columns[0]).strip(), _unquoted(columns[1]).strip()
        if not rows and label.lower() in HEADER_LABELS:
            continue
        label = label.removeprefix(TOPIC_PREFIX)
        if not text:
            raise OperatorError(f"{path}, ligne {number} : le texte est vide.")
        if not re.fullmatch(r"[a-z0-9_]{1,64}", label):
            raise OperatorError(
                f"{path}, ligne {number} : « {label[:64]} » n’est pas une étiquette "
                "(un thème, out_of_scope, needs_human ou emergency ; minuscules, chiffres et _)."
            )
        rows.append(Row(text[:TEXT_LIMIT], label))
    if not rows:
        raise OperatorError(f"{path} ne contient aucune ligne « texte<TAB>étiquette ».")
    return rows


def _unquoted(field: str) -> str:
    # Spreadsheets quote a field that holds quotes, and double them.
    inner = field[1:-1]
    if len(field) >= 2 and field[0] == field[-1] == '"' and '"' not in inner.replace('""', ""):
        return inner.replace('""', '"')
    return field


def parse_texts(texts: Sequence[str], environment: Mapping[str, str], command: Sequence[str] | None = None) -> list[Parse]:
    """What the trained model says to each text. Starts Rasa's environment once for all of them; raises `OperatorError` when it fails."""
    if command is None:
        python = ROOT / "assistant" / ".venv" / "bin" / "python"
        if not python.exists():
            raise OperatorError("L’environnement de l’assistant manque : lancez d’abord « make setup ».")
        command = [str(python), "-m", "assistant.parse"]
    asked = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    try:
        done = subprocess.run(
            list(command),
            input=asked.encode(),
            capture_output=True,
            cwd=ROOT,
            env=dict(environment),
            timeout=PARSE_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OperatorError(f"L’analyse dépasse {PARSE_LIMIT / 60:.0f} minutes : coupez le fichier.") from error
    if done.returncode != 0:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["sans explication"]
        raise OperatorError(f"L’analyse par le modèle a échoué (code {done.returncode}) : {last[0][:300]}")
    parses = [_read_parse(line) for line in done.stdout.decode("utf-8").split("\n") if line.strip()]
    if len(parses) != len(texts):
        raise OperatorError(f"Le modèle a répondu à {len(parses)} messages sur {len(texts)} : relancez, puis signalez-le.")
    return parses


def _read_parse(line: str) -> Parse:
    try:
        answer = json.loads(line)
        ranking = tuple(entry["name"] for entry in answer["ranking"] if entry["name"] != FALLBACK)
        return Parse(answer["intent"]["name"] or FALLBACK, ranking)
    except (ValueError, KeyError, TypeError) as error:
        raise OperatorError("La réponse du modèle n’a pas la forme attendue : relancez « make setup », puis « relais train ».") from error


def known_topics(root: Path = ROOT) -> frozenset[str]:
    """The topics that the assistant answers: those with examples in `data/nlu/`."""
    topics: set[str] = set()
    for file in (root / "data" / "nlu").rglob("*.yml"):
        topics.update(re.findall(rf"^\s*-\s*intent:\s*[\"']?{TOPIC_PREFIX}([a-z0-9_]+)", file.read_text(encoding="utf-8"), re.MULTILINE))
    return frozenset(topics)


def evaluate(
    rows: Iterable[Row],
    topics: frozenset[str],
    parse: Callable[[Sequence[str]], Sequence[Parse]],
    is_emergency: Callable[[str], bool],
) -> dict[str, Any]:
    """All figures as a JSON-ready dict. Rows of topics outside `topics` are counted in `skipped` and left out of everything else.

    Shares are between 0 and 1, and null when there is no row to take a share of.
    """
    every = list(rows)
    skipped = Counter(row.label for row in every if row.label not in topics | OTHER_LABELS)
    kept = [row for row in every if row.label in topics | OTHER_LABELS]
    parses = parse([row.text for row in kept]) if kept else []
    alarms = [is_emergency(row.text) for row in kept]

    top1: dict[str, list[bool]] = defaultdict(list)
    top3: dict[str, list[bool]] = defaultdict(list)
    outcomes: dict[str, list[bool]] = defaultdict(list)
    unsure: list[bool] = []
    false_alarms: list[bool] = []
    confusions: Counter[tuple[str, str]] = Counter()
    for row, parsed, alarm in zip(kept, parses, alarms, strict=True):
        if row.label != "emergency":
            false_alarms.append(alarm)
        decided = _label(parsed.intent)
        if row.label in topics:
            ranked = [_label(name) for name in parsed.ranking[:3]]
            first = ranked[0] if ranked else decided
            top1[row.label].append(first == row.label)
            top3[row.label].append(row.label in ranked)
            unsure.append(parsed.intent == FALLBACK)
            right, decided = first == row.label, first
        elif row.label == "out_of_scope":
            answered = parsed.intent.startswith(TOPIC_PREFIX)
            outcomes[row.label].append(answered)
            right = not answered
        elif row.label == "needs_human":
            right = alarm or parsed.intent in OFFERS_PERSON
            outcomes[row.label].append(right)
        else:
            right = alarm
            outcomes[row.label].append(right)
        if not right:
            confusions[row.label, decided] += 1

    per_topic = {topic: {"n": len(top1[topic]), "top1": _share(top1[topic]), "top3": _share(top3[topic])} for topic in sorted(top1)}
    return {
        "n": len(kept),
        "n_topics": sum(len(hits) for hits in top1.values()),
        "top1": _share([hit for hits in top1.values() for hit in hits]),
        "top3": _share([hit for hits in top3.values() for hit in hits]),
        "macro_top1": _macro(top1),
        "macro_top3": _macro(top3),
        "unsure": _share(unsure),
        "topics": per_topic,
        "out_of_scope": {"n": len(outcomes["out_of_scope"]), "answered": _share(outcomes["out_of_scope"])},
        "needs_human": {"n": len(outcomes["needs_human"]), "offered": _share(outcomes["needs_human"])},
        "emergency": {
            "n": len(outcomes["emergency"]),
            "caught": _share(outcomes["emergency"]),
            "false_alarms": sum(false_alarms),
            "others": len(false_alarms),
        },
        "confusions": [
            {"label": label, "predicted": predicted, "count": count}
            for (label, predicted), count in sorted(confusions.items(), key=lambda item: (-item[1], item[0]))[:CONFUSIONS]
        ],
        "skipped": {"n": skipped.total(), "topics": dict(sorted(skipped.items()))},
    }


def _label(intent: str) -> str:
    return intent.removeprefix(TOPIC_PREFIX)


def _share(hits: Sequence[bool]) -> float | None:
    return round(sum(hits) / len(hits), 4) if hits else None


def _macro(by_topic: Mapping[str, Sequence[bool]]) -> float | None:
    # Every topic counts the same, however many rows it has.
    shares = [sum(hits) / len(hits) for hits in by_topic.values()]
    return round(sum(shares) / len(shares), 4) if shares else None


def as_text(figures: Mapping[str, Any]) -> str:
    """The figures as a person reads them."""

    def percent(share: float | None) -> str:
        return "-" if share is None else f"{100 * share:.1f} %".replace(".", ",")

    others = {name: figures[name] for name in ("out_of_scope", "needs_human", "emergency")}
    lines = [
        f"Messages évalués : {figures['n']}, dont {figures['n_topics']} sur un thème",
        f"Premier choix juste : {percent(figures['top1'])} (moyenne des thèmes {percent(figures['macro_top1'])})",
        f"Dans les trois premiers : {percent(figures['top3'])} (moyenne des thèmes {percent(figures['macro_top3'])})",
        f"Pas assez sûr pour répondre : {percent(figures['unsure'])}",
        f"Hors sujet traité comme un thème : {percent(others['out_of_scope']['answered'])} de {others['out_of_scope']['n']}",
        f"Personne proposée quand il en faut une : {percent(others['needs_human']['offered'])} de {others['needs_human']['n']}",
        f"Urgences reconnues : {percent(others['emergency']['caught'])} de {others['emergency']['n']} ; "
        f"fausses alertes : {others['emergency']['false_alarms']} sur {others['emergency']['others']} autres messages",
        "",
        f"{'Thème':<28}{'n':>5}{'1er':>10}{'3 premiers':>13}",
    ]
    for topic, one in figures["topics"].items():
        lines.append(f"{topic:<28}{one['n']:>5}{percent(one['top1']):>10}{percent(one['top3']):>13}")
    if figures["confusions"]:
        lines += ["", "Confusions les plus fréquentes (attendu → compris) :"]
        lines += [f"{one['count']:>5}  {one['label']} → {one['predicted']}" for one in figures["confusions"]]
    if figures["skipped"]["n"]:
        named = ", ".join(f"{topic} ({count})" for topic, count in figures["skipped"]["topics"].items())
        lines += ["", f"Laissés de côté, thèmes que le modèle n’a pas : {figures['skipped']['n']} messages : {named}"]
    return "\n".join(lines)
