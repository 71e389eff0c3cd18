"""`make bench`: stock Rasa and Relais, side by side in one run; writes docs/benchmarks.md.

Both learn the same examples, with the same domain, rules, answers and action server. Both servers stay up during the whole run, and the
measurements alternate between them, so that a busy machine slows both. Figures are medians; compare the ratios, not the seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import yaml

from frontdesk.environment import process_environment
from frontdesk.settings import ROOT

WORK = ROOT / "var" / "bench"
RESULT = ROOT / "docs" / "benchmarks.md"
RASA = [str(ROOT / "assistant" / ".venv" / "bin" / "python"), "-m", "rasa"]

# Thirty topics that are easily taken for one another: complaints, incident reports, appointments, fraud and harassment online.
TOPICS = (
    "plainte_depot", "plainte_refus", "plainte_en_ligne", "pre_plainte", "visioplainte", "plainte_retrait", "plainte_suivi",
    "plainte_copie_recepisse", "plainte_contre_x", "plainte_mineur", "prescription_delais", "partie_civile_indemnisation",
    "main_courante_info", "main_courante_gendarmerie", "main_courante_copie_duree", "rdv_commissariat", "rdv_pieces", "horaires_unites",
    "tchat_fonctionnement", "escroquerie_internet_thesee", "fraude_carte_perceval", "signalement_contenu_pharos", "hameconnage",
    "faux_mail_police", "faux_conseiller_bancaire", "piratage_compte", "chantage_sextorsion", "usurpation_identite",
    "cyberharcelement_3018", "dixsept_cyber",
)  # fmt: skip
OTHERS = ("greet", "thanks", "goodbye", "human", "out_of_scope", "tapage_nuisances", "vol_simple")  # what SCRIPT says too
SECOND = ROOT / "tests" / "understanding" / "second.tsv"  # messages by another hand, never trained on
EXAMPLES = 30  # of each of them; with twice as many stock Rasa trains for an hour
HELD_OUT = 10  # of each intent, for the quality; never trained on
CONVERSATIONS, MESSAGES = 50, 8
ROUNDS = 5
PORTS = {"stock": 18311, "relais": 18312, "actions": 18313}
SCRIPT = [
    "bonjour",
    "je voudrais porter plainte pour le vol de mon sac",
    "on a refusé de prendre ma plainte au commissariat",
    "il y a des achats sur ma carte bancaire que je n'ai pas faits",
    "j'ai reçu un mail de la gendarmerie qui me menace",
    "mon voisin fait du bruit toutes les nuits",
    "quels sont les horaires de la brigade",
    "merci beaucoup",
]


@dataclass
class Side:
    """One of the two, with what was measured of it."""

    name: str
    config: Path
    credentials: Path
    endpoints: Path
    port: int
    figures: dict[str, float] = field(default_factory=dict)
    samples: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    process: subprocess.Popen[bytes] | None = None

    @property
    def model(self) -> Path:
        return WORK / self.name / "model.tar.gz"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def say(text: str) -> None:
    """Tells how far it is."""
    print(f"[{datetime.now(UTC):%H:%M:%S}] {text}", flush=True)


def split_data() -> list[tuple[str, str]]:
    """Writes the shared training data to var/bench/data and gives the held-out `(text, label)` pairs."""
    shuffled = random.Random(0)  # noqa: S311 - a fixed choice, not a secret
    data = WORK / "data"
    held_out: list[tuple[str, str]] = []
    blocks = []
    for file in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        for block in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]:
            if block["intent"].removeprefix("faq/") not in TOPICS + OTHERS:
                continue
            texts = re.findall(r"^- (.+)$", block["examples"], re.MULTILINE)
            shuffled.shuffle(texts)
            held_out += [(text, block["intent"]) for text in texts[:HELD_OUT]]
            kept = texts[HELD_OUT : HELD_OUT + EXAMPLES]
            blocks.append({"intent": block["intent"], "examples": "".join(f"- {text}\n" for text in kept)})
    (data / "nlu").mkdir(parents=True)
    (data / "nlu" / "all.yml").write_text(
        yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True, default_style=None), encoding="utf-8"
    )
    for part in ("rules", "responses", "stories"):
        if (ROOT / "data" / part).is_dir():
            shutil.copytree(ROOT / "data" / part, data / part)
    return held_out


def second_set() -> list[tuple[str, str]]:
    """The messages of the second test set on the thirty topics, `(text, label)`."""
    rows = (line.split("\t") for line in SECOND.read_text(encoding="utf-8").splitlines())
    return [(row[0].strip('"'), f"faq/{row[1]}") for row in rows if row[1] in TOPICS]


def run(command: list[str], environment: dict[str, str], log: Path) -> float:
    """Runs a command to its end and gives its seconds. Raises `RuntimeError` with the log's place when it fails."""
    started = time.perf_counter()
    with log.open("wb") as output:
        code = subprocess.run(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        raise RuntimeError(f"{' '.join(command[:4])} failed: read {log}")
    return time.perf_counter() - started


def train(side: Side, data: Path, name: str, environment: dict[str, str]) -> float:
    """Trains and gives the seconds; Rasa's training cache is off, or the second run would measure nothing."""
    return run(
        [
            *RASA, "train", "--force", "--config", str(side.config), "--domain", "domain.yml", "--data", str(data),
            "--out", str(WORK / side.name), "--fixed-model-name", name,
        ],
        {**environment, "RASA_MAX_CACHE_SIZE": "0"},
        WORK / f"train-{side.name}-{name}.log",
    )  # fmt: skip


async def start(side: Side, environment: dict[str, str], http: aiohttp.ClientSession) -> float:
    """Starts the server, each in its own way, and gives the seconds until it answers."""
    if side.name == "stock":
        command = [
            *RASA, "run", "--interface", "127.0.0.1", "--port", str(side.port), "--enable-api", "--model", str(side.model),
            "--credentials", str(side.credentials), "--endpoints", str(side.endpoints),
        ]  # fmt: skip
        ready = "/status"
    else:
        command = [RASA[0], "-m", "assistant.serve"]
        ready = "/webhooks/relais/health"
    own = {
        "RELAIS_TRACKER_URL": f"sqlite:///{WORK / side.name / 'tracker.db'}",
        "RELAIS_RASA_PORT": str(side.port),
        "RELAIS_MODEL": str(side.model),
        "LOG_LEVEL": "WARNING",
    }
    started = time.perf_counter()
    log = WORK / f"serve-{side.name}.log"
    with log.open("wb") as output:
        side.process = subprocess.Popen(  # noqa: ASYNC220 - nothing else waits on this loop
            command, cwd=ROOT, env={**environment, **own}, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    await until_ready(http, side.url + ready, side.process, log)
    return time.perf_counter() - started


async def until_ready(http: aiohttp.ClientSession, url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when `url` answers 200. Raises `RuntimeError` when the process ends or 5 minutes have passed."""
    limit = time.monotonic() + 300
    while time.monotonic() < limit and process.poll() is None:
        try:
            async with http.get(url) as response:
                if response.status == 200:
                    return
        except aiohttp.ClientError:
            pass  # not listening yet
        await asyncio.sleep(0.05)
    raise RuntimeError(f"no answer from {url}: read {log}")


def memory(process: subprocess.Popen[bytes]) -> float:
    """Resident memory in MiB (VmRSS of /proc/<pid>/status)."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


_ids = itertools.count()


async def converse(side: Side, http: aiohttp.ClientSession, token: str) -> list[float]:
    """One conversation of 8 messages, one after the other; the seconds of each. Raises when an answer is missing."""
    conversation = f"bench-{next(_ids)}"
    seconds = []
    for number, text in enumerate(SCRIPT[:MESSAGES]):
        started = time.perf_counter()
        if side.name == "stock":
            async with http.post(f"{side.url}/webhooks/rest/webhook", json={"sender": conversation, "message": text}) as response:
                answered = bool(await response.json())
        else:
            body = {"conversation_id": conversation, "message_id": f"{conversation}-{number}", "text": text}
            headers = {"Authorization": f"Bearer {token}"}
            async with http.post(f"{side.url}/webhooks/relais/message", json=body, headers=headers) as response:
                answered = bool((await response.json()).get("messages"))
        seconds.append(time.perf_counter() - started)
        if not answered:
            raise RuntimeError(f"{side.name} did not answer message {number}")
    return seconds


async def understands(side: Side, http: aiohttp.ClientSession, held_out: list[tuple[str, str]], token: str) -> float:
    """The share of held-out messages whose best label is right."""
    right = 0
    for text, label in held_out:
        async with http.post(f"{side.url}/model/parse", params={"token": token}, json={"text": text}) as response:
            parsed: dict[str, Any] = await response.json()
        best = next(entry["name"] for entry in parsed["intent_ranking"] if entry["name"] != "nlu_fallback")
        if side.name == "stock" and best == "faq":
            # A selector that is not bound to one retrieval intent answers under "default".
            best = parsed["response_selector"]["default"]["response"]["intent_response_key"]
        right += best == label
    return right / len(held_out)


async def measure(sides: list[Side], environment: dict[str, str], held_out: list[tuple[str, str]]) -> None:
    """Starts both and measures them in turns."""
    token = environment["RELAIS_CHANNEL_TOKEN"]
    timeout = aiohttp.ClientTimeout(total=300)
    connector = aiohttp.TCPConnector(limit=0)
    processes: list[subprocess.Popen[bytes]] = []
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
        try:
            with (WORK / "actions.log").open("wb") as log:
                actions = subprocess.Popen(  # noqa: ASYNC220 - as above
                    [sys.executable, "-m", "actions"], cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
                )
            processes.append(actions)
            await until_ready(http, f"http://127.0.0.1:{PORTS['actions']}/health", actions, WORK / "actions.log")
            for side in sides:
                say(f"starts {side.name}")
                side.figures["start"] = await start(side, environment, http)
                processes.append(side.process)  # type: ignore[arg-type]
                await converse(side, http, token)  # warm
            for number in range(ROUNDS):
                say(f"round {number + 1} of {ROUNDS}")
                for side in sides:
                    side.samples["latency"] += await converse(side, http, token)
                    started = time.perf_counter()
                    await asyncio.gather(*(converse(side, http, token) for _ in range(CONVERSATIONS)))
                    side.samples["throughput"].append(CONVERSATIONS * MESSAGES / (time.perf_counter() - started))
            for side in sides:
                side.figures["memory"] = memory(side.process)  # type: ignore[arg-type]
                side.figures["quality"] = await understands(side, http, held_out, environment["RELAIS_RASA_TOKEN"])
                side.figures["second"] = await understands(side, http, second_set(), environment["RELAIS_RASA_TOKEN"])
        finally:
            for process in processes:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def table(sides: list[Side], everything: float, changed: float, examples: int, total: int) -> str:
    """The page."""
    stock, relais = sides
    rows = [
        ("training, s", stock.figures["training"], relais.figures["training"], "{:.1f}"),
        ("start until it answers, s", stock.figures["start"], relais.figures["start"], "{:.1f}"),
        ("memory after the load, MiB", stock.figures["memory"], relais.figures["memory"], "{:.0f}"),
        ("latency of a message, one conversation, ms", *(1000 * median(side.samples["latency"]) for side in sides), "{:.1f}"),
        (f"throughput, {CONVERSATIONS} conversations of {MESSAGES} messages at once, messages/s",
         *(median(side.samples["throughput"]) for side in sides), "{:.0f}"),
        ("right label on the second test set", stock.figures["second"], relais.figures["second"], "{:.3f}"),
        ("right label on held-out examples", stock.figures["quality"], relais.figures["quality"], "{:.3f}"),
    ]  # fmt: skip
    lines = [
        "# Benchmarks",
        "",
        f"Made by `make bench` on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}.",
        "Stock is Rasa 3.6.21 with the pipeline and policies of `rasa init` (`bench/stock/`), its REST channel and SQL tracker store on",
        "SQLite; Relais is this repository's configuration, channel and tracker store. Same examples, domain, rules, answers and action",
        f"server; both up at the same time, measured in turns, {ROUNDS} rounds, medians. Machines are noisy: compare the ratios.",
        "Training is measured once for each, one after the other, so other work on the machine shows in it.",
        "",
        f"Trained on {examples} examples: {EXAMPLES} of each of {len(TOPICS)} easily confused topics and of {len(OTHERS)} more intents;",
        f"{HELD_OUT} others of each are the held-out examples. {len(second_set())} messages of `tests/understanding/second.tsv`, by",
        f"another hand, are on the {len(TOPICS)} topics.",
        "",
        "| | stock Rasa | Relais | ratio |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, first, second, shape in rows:
        ratio = second / first
        lines.append(f"| {name} | {shape.format(first)} | {shape.format(second)} | {ratio:.2f} |")
    lines += [
        "",
        f"Training on all {total} examples takes {everything:.1f} s, after a changed example {changed:.1f} s (start of Python and",
        "packaging included, the sense of the texts kept from the training before).",
        "",
    ]
    return "\n".join(lines)


def count_examples(data: Path) -> int:
    """How many training examples a folder has."""
    return sum(len(re.findall(r"^\s*- ", file.read_text(encoding="utf-8"), re.MULTILINE)) for file in data.rglob("nlu/**/*.yml"))


def main() -> None:
    """Runs everything; about half an hour on 2 cores, most of it stock Rasa's training."""
    shutil.rmtree(WORK, ignore_errors=True)
    for name in ("stock", "relais"):
        (WORK / name).mkdir(parents=True)
    environment = process_environment(
        {
            **os.environ,
            "RELAIS_PORT": "18310",
            "RELAIS_RASA_PORT": str(PORTS["relais"]),
            "RELAIS_ACTIONS_PORT": str(PORTS["actions"]),
            "RELAIS_TRACKER_URL": f"sqlite:///{WORK / 'relais' / 'tracker.db'}",
        }
    )
    held_out = split_data()
    bench = ROOT / "bench" / "stock"
    stock = Side("stock", bench / "config.yml", bench / "credentials.yml", bench / "endpoints.yml", PORTS["stock"])
    relais = Side("relais", ROOT / "config.yml", ROOT / "credentials.yml", ROOT / "endpoints.yml", PORTS["relais"])
    for side in (relais, stock):
        say(f"trains {side.name}")
        side.figures["training"] = train(side, WORK / "data", "model", environment)
        say(f"{side.name} trained in {side.figures['training']:.1f} s")
    say("trains relais on everything")
    whole, again = WORK / "everything.tar.gz", WORK / "again.tar.gz"
    command = [RASA[0], "-m", "assistant.train", "--out"]
    run([*command, str(whole)], environment, WORK / "train-warm.log")  # encodes what is new
    everything = run([*command, str(whole)], environment, WORK / "train-everything.log")
    changed = run([*command, str(again), "--dialogue", str(whole)], environment, WORK / "train-changed.log")
    asyncio.run(measure([stock, relais], environment, held_out))
    page = table([stock, relais], everything, changed, count_examples(WORK / "data"), count_examples(ROOT / "data"))
    RESULT.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
