"""`relais content check`: what the editors are told about examples and answers."""

import json
import random
import re
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from frontdesk.content import (
    ANSWER_LIMIT,
    EXAMPLE_LIMIT,
    EXAMPLES_NEEDED,
    EXAMPLES_WANTED,
    LABEL_LIMIT,
    NEARLY_SAME,
    Content,
    Example,
    Finding,
    as_json,
    as_text,
    check,
    load,
    words,
)
from frontdesk.environment import OperatorError

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 12, 1)

METADATA = {"label": "Vol", "source": "service-public.gouv.fr F1435", "checked": "2026-11-23", "expires": "2027-05-23"}


def made_up(count: int, seed: int = 1) -> list[str]:
    """Sentences of six to twelve random words: no two of them are alike."""
    rnd = random.Random(seed)  # noqa: S311  # made-up words, no secret

    def word() -> str:
        return "".join(rnd.choice("bcdfglmnprstv") + rnd.choice("aeiou") for _ in range(rnd.randint(1, 4)))

    return [" ".join(word() for _ in range(rnd.randint(6, 12))) for _ in range(count)]


def nlu(intent: str, examples: Sequence[str]) -> str:
    lines = "".join(f"    - {example}\n" for example in examples)
    return f'version: "3.1"\n\nnlu:\n- intent: {intent}\n  examples: |\n{lines}'


def answer(topic: str, body: str = "", text: str = "Faites ceci.", metadata: dict[str, str] = METADATA) -> str:
    """One response; `body` are further YAML lines of the variation, without indentation."""
    block = [f"  utter_faq/{topic}:", f"  - text: {json.dumps(text)}"]
    block += ["    " + line for line in textwrap.dedent(body).strip().splitlines()]
    if metadata:
        block += ["    metadata:", *(f"      {key}: {json.dumps(value)}" for key, value in metadata.items())]
    return "\n".join(block) + "\n"


class Project:
    """A made-up installation with one sound topic, to which each test adds what is wrong."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.examples: dict[str, list[str]] = {"faq/vol": made_up(EXAMPLES_WANTED), "human": ["une personne"]}
        self.answers = [answer("vol")]

    def load(self) -> Content:
        for number, (intent, examples) in enumerate(self.examples.items()):
            self.write(f"data/nlu/{number}.yml", nlu(intent, examples))
        self.write("data/responses/faq.yml", 'version: "3.1"\n\nresponses:\n' + "".join(self.answers))
        self.write("domain.yml", 'version: "3.1"\nintents:\n- faq:\n    is_retrieval_intent: true\n- human\n- rendez_vous\n')
        return load(self.root)

    def write(self, name: str, content: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def check(self, today: date = TODAY) -> list[Finding]:
        return check(self.load(), today)

    def only(self, today: date = TODAY) -> Finding:
        (finding,) = self.check(today)
        return finding


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def line_of(project: Project, finding: Finding) -> str:
    return (project.root / finding.file).read_text(encoding="utf-8").split("\n")[finding.line - 1].strip()


def test_sound_content_has_no_findings(project: Project) -> None:
    assert project.check() == []


def test_the_real_content_has_no_errors() -> None:
    content = load(ROOT)
    # The day is that of the youngest source: what expires later is the editors' work, and must not break a build on some morning.
    checked = [one.metadata["checked"].value for one in content.answers if "checked" in one.metadata]
    newest = max(date.fromisoformat(day) for day in checked if len(day) == 10)
    errors = [one for one in check(content, newest) if one.level == "error"]
    assert errors == [], as_text(content, errors)
    assert len(content.topics) >= 16
    assert len(content.examples) >= 16 * EXAMPLES_NEEDED


# -- examples --------------------------------------------------------------------------------------

SENTENCE = "on m'a pris mon vélo devant la gare hier soir"
NEAR = [
    pytest.param("hier soir devant la gare on m'a pris mon vélo", id="permutation"),
    pytest.param("on m'a pris mon vélo devant la poste hier soir", id="one word changed"),
    pytest.param("on m'a pris mon vélo rouge devant la gare hier soir", id="one word more"),
    pytest.param("on m'a pris mon vélo devant la gare hier", id="one word less"),
    pytest.param("On m’a pris mon velo devant la gare, hier soir !", id="accents, case, punctuation"),
    pytest.param("on ma pri mon vélo devan la gare hier soire", id="spelling"),
    pytest.param("Bonjour madame, on m'a pris mon vélo devant la gare hier soir, merci", id="politeness"),
]


@pytest.mark.parametrize("text", NEAR)
def test_near_duplicate_is_a_note_at_the_later_line(project: Project, text: str) -> None:
    project.examples["faq/vol"] += [SENTENCE, text]
    finding = project.only()
    assert (finding.level, finding.code) == ("note", "near_duplicate")
    assert line_of(project, finding) == f"- {text}"
    assert f"« {SENTENCE} » (ligne {finding.line - 1})" in finding.what


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vol de vélo", "vol de sac"),
        (SENTENCE, "mon vélo a disparu de la gare pendant que je dînais"),
        ("on m'a volé mon sac", "il ne reste que l'antivol par terre"),
    ],
)
def test_other_ways_to_say_it_are_no_duplicates(project: Project, one: str, other: str) -> None:
    project.examples["faq/vol"] += [one, other]
    assert project.check() == []


def test_threshold_of_similarity(project: Project) -> None:
    # One long word, so that only the letters count: of 2 x 100 letters, 2 x 85 in common are enough, 2 x 84 are not.
    assert NEARLY_SAME == 0.85
    project.examples["faq/vol"] += ["a" * 100, "a" * 85 + "b" * 15]
    assert "(85 %)" in project.only().what
    project.examples["faq/vol"][-1] = "a" * 84 + "b" * 16
    assert project.check() == []


def test_one_changed_word_counts_from_five_words_on(project: Project) -> None:
    project.examples["faq/vol"] += ["un deux trois quatre anticonstitutionnellement", "un deux trois quatre six"]
    assert project.only().code == "near_duplicate"
    project.examples["faq/vol"][-2:] = ["un deux trois anticonstitutionnellement", "un deux trois six"]
    assert project.check() == []


def test_near_duplicate_names_the_nearest_only(project: Project) -> None:
    project.examples["faq/vol"] += [
        SENTENCE,
        "on m'a pris mon vélo devant la poste hier soir",
        "on m'a pris mon vélo devant la gare hier soirr",
    ]
    near = project.check()
    assert len(near) == 2
    assert f"« {SENTENCE} »" in near[1].what


def test_small_talk_may_be_alike(project: Project) -> None:
    project.examples["human"] += ["une  personne", "une personne !"]
    assert project.check() == []


def test_exact_duplicate_is_an_error(project: Project) -> None:
    project.examples["faq/vol"] += [SENTENCE, SENTENCE]
    finding = project.only()
    assert (finding.level, finding.code) == ("error", "duplicate")
    assert f"ligne {finding.line - 1}" in finding.what


def second_topic(project: Project, examples: Sequence[str] = ()) -> None:
    project.examples["faq/perte"] = [*made_up(EXAMPLES_WANTED, seed=2), *examples]
    project.answers.append(answer("perte"))


def test_same_example_in_two_topics_is_an_error(project: Project) -> None:
    project.examples["faq/vol"].append(SENTENCE)
    second_topic(project, [SENTENCE])
    finding = project.only()
    assert (finding.level, finding.code) == ("error", "collision")
    assert "faq/perte dit la même chose" in finding.what
    assert re.search(r"de faq/vol \(ligne \d+ de data/nlu/0.yml\)", finding.what)


def test_same_example_in_two_topics_is_an_error_whatever_is_near_too(project: Project) -> None:
    project.examples["human"] = [f"{SENTENCE} !"]
    project.examples["faq/vol"].append(SENTENCE)
    second_topic(project, [SENTENCE])
    assert [(one.level, one.code) for one in project.check()] == [("error", "collision"), ("note", "collision")]


def test_nearly_same_example_in_two_topics_is_a_note(project: Project) -> None:
    project.examples["faq/vol"].append(SENTENCE)
    second_topic(project, ["devant la gare hier soir on m'a pris mon vélo"])
    finding = project.only()
    assert (finding.level, finding.code) == ("note", "collision")


def test_collision_with_small_talk_is_told(project: Project) -> None:
    project.examples["faq/vol"].append("Une personne !")
    finding = project.only()
    assert (finding.level, finding.code) == ("note", "collision")


def test_politeness_counts_in_small_talk(project: Project) -> None:
    project.examples |= {"greet": ["bonsoir à vous"], "thanks": ["merci à vous"]}
    assert project.check() == []


def test_two_topics_may_differ_by_their_telling_word(project: Project) -> None:
    project.examples["faq/vol"].append("on a volé la carte à mon père")
    second_topic(project, ["on a égaré la carte à mon père"])
    assert project.check() == []


@pytest.mark.parametrize(
    ("count", "level"), [(EXAMPLES_WANTED - 1, "note"), (EXAMPLES_NEEDED, "note"), (EXAMPLES_NEEDED - 1, "error"), (1, "error")]
)
def test_topic_with_few_examples(project: Project, count: int, level: str) -> None:
    project.examples["faq/vol"] = made_up(count)
    finding = project.only()
    assert (finding.level, finding.code) == (level, "few_examples")
    assert f"{count} exemple" in finding.what


def test_duplicates_do_not_count_as_examples(project: Project) -> None:
    project.examples["faq/vol"][-1] = project.examples["faq/vol"][0]
    assert {one.code for one in project.check()} == {"duplicate", "few_examples"}


@pytest.mark.parametrize("text", ["j'ai perdu [ma carte](carte)", "j'ai perdu {quoi}", "un crochet ] seul"])
def test_example_with_brackets_is_an_error(project: Project, text: str) -> None:
    project.examples["faq/vol"].append(text)
    finding = project.only()
    assert (finding.level, finding.code) == ("error", "brackets")
    assert line_of(project, finding) == f"- {text}"


def test_example_may_have_500_characters(project: Project) -> None:
    project.examples["faq/vol"].append("z" * EXAMPLE_LIMIT)
    assert project.check() == []
    project.examples["faq/vol"][-1] += "z"
    assert (project.only().level, project.only().code) == ("error", "long_example")


def test_line_that_is_no_example_is_an_error(project: Project) -> None:
    project.load()
    project.write("data/nlu/5.yml", nlu("human", ["quelqu'un"]) + "    sans tiret\n")
    (finding,) = check(load(project.root), TODAY)
    assert (finding.level, finding.code, finding.line) == ("error", "malformed", 7)


def test_words_that_count() -> None:
    assert words("S'il vous plaît, ma Sœur a été VOLÉE !") == ("a", "ete", "ma", "soeur", "volee")
    assert words("bonjour madame") == ("bonjour", "madame")
    assert words("s'il te plaît") == ("il", "plait", "s", "te")
    assert words("Merci à vous", politeness=True) == ("a", "merci", "vous")
    assert words("???") == ("???",)


def test_one_reordered_example_is_found_among_thirteen_thousand() -> None:
    sentences = made_up(13_500)
    examples = [Example(f"faq/t{at % 90}", text, f"data/nlu/t{at % 90}.yml", at) for at, text in enumerate(sentences)]
    examples.append(Example("faq/t0", " ".join(reversed(sentences[0].split())), "data/nlu/t0.yml", 13_500))
    findings = check(Content(tuple(examples), (), frozenset()), TODAY)
    assert [one.line for one in findings if one.code == "near_duplicate"] == [13_500]


# -- answers ---------------------------------------------------------------------------------------


def test_answer_may_have_600_characters(project: Project) -> None:
    project.answers = [answer("vol", text="é" * ANSWER_LIMIT)]
    assert project.check() == []
    project.answers = [answer("vol", text="é" * (ANSWER_LIMIT + 1))]
    assert (project.only().level, project.only().code) == ("error", "long_answer")


@pytest.mark.parametrize("key", list(METADATA))
def test_answer_without_metadata_is_an_error(project: Project, key: str) -> None:
    project.answers = [answer("vol", metadata={name: value for name, value in METADATA.items() if name != key})]
    finding = project.only()
    assert (finding.level, finding.code) == ("error", "no_metadata")
    assert f"« {key} »" in finding.what


def test_answer_with_a_long_label_is_a_note(project: Project) -> None:
    project.answers = [answer("vol", metadata=METADATA | {"label": "x" * LABEL_LIMIT})]
    assert project.check() == []
    project.answers = [answer("vol", metadata=METADATA | {"label": "x" * (LABEL_LIMIT + 1)})]
    assert (project.only().level, project.only().code) == ("note", "long_label")


@pytest.mark.parametrize(
    ("today", "found"),
    [
        (date(2027, 3, 23), None),
        (date(2027, 3, 24), ("note", "expires_soon")),
        (date(2027, 5, 23), ("note", "expires_soon")),
        (date(2027, 5, 24), ("error", "expired")),
    ],
)
def test_answer_expires(project: Project, today: date, found: tuple[str, str] | None) -> None:
    assert [(one.level, one.code) for one in project.check(today)] == ([found] if found else [])


@pytest.mark.parametrize(
    "wrong",
    [{"checked": "23/11/2026"}, {"checked": "2026-13"}, {"checked": "2026-12-02"}, {"expires": "2027-02-30"}, {"expires": "2027-05"}],
)
def test_date_that_is_none_is_an_error(project: Project, wrong: dict[str, str]) -> None:
    project.answers = [answer("vol", metadata=METADATA | wrong)]
    finding = project.only()
    assert (finding.level, finding.code) == ("error", "bad_date")
    assert next(iter(wrong)) in line_of(project, finding)


def test_source_may_be_dated_by_month(project: Project) -> None:
    project.answers = [answer("vol", metadata=METADATA | {"checked": "2025-11"})]
    assert project.check() == []


def test_date_without_quotes_is_an_error(project: Project) -> None:
    project.answers = [answer("vol").replace('"2027-05-23"', "2027-05-23")]
    finding = project.only()
    assert (finding.level, finding.code) == ("error", "not_text")
    assert line_of(project, finding) == "expires: 2027-05-23"


@pytest.mark.parametrize("url", ["http://exemple.fr", "www.exemple.fr", "https://", "javascript:alert(1)"])
def test_link_that_is_not_https_is_an_error(project: Project, url: str) -> None:
    project.answers = [answer("vol", f'custom:\n  links:\n  - title: Plus\n    url: "{url}"')]
    finding = project.only()
    assert (finding.level, finding.code) == ("error", "link_not_https")
    assert line_of(project, finding) == f'url: "{url}"'


def test_link_in_a_card_is_read_too(project: Project) -> None:
    project.answers = [answer("vol", "custom:\n  cards:\n  - title: Plus\n    links:\n    - {title: Plus, url: 'http://exemple.fr'}")]
    assert project.only().code == "link_not_https"


@pytest.mark.parametrize(("href", "codes"), [("tel:114", ["call_114"]), ("tel: 1 14", ["call_114"]), ("sms:114", []), ("tel:17", [])])
def test_the_114_is_never_called(project: Project, href: str, codes: list[str]) -> None:
    project.answers = [answer("vol", f'custom:\n  phones:\n  - {{label: Urgence, number: "114", href: "{href}"}}')]
    findings = project.check()
    assert [one.code for one in findings] == codes
    assert all(one.level == "error" for one in findings)


@pytest.mark.parametrize("payload", ["/faq/rien", "/inconnu", "vol", "/faq/vol/encore"])
def test_button_that_leads_nowhere_is_an_error(project: Project, payload: str) -> None:
    project.answers = [answer("vol", f"buttons:\n- {{title: Suite, payload: {payload}}}")]
    finding = project.only()
    assert (finding.level, finding.code) == ("error", "bad_payload")
    assert payload in line_of(project, finding)


@pytest.mark.parametrize("payload", ["/faq/vol", "/human", "/rendez_vous", '\'/rendez_vous{"motif": "plainte"}\''])
def test_button_may_lead_to_a_topic_or_an_intent(project: Project, payload: str) -> None:
    project.answers = [answer("vol", f"buttons:\n- title: Suite\n  payload: {payload}")]
    assert project.check() == []


def test_topic_without_answer_is_an_error(project: Project) -> None:
    project.answers = [answer("autre")]
    assert {(one.code, one.level) for one in project.check()} == {("no_answer", "error"), ("no_examples", "error")}


def test_answer_without_text_is_an_error(project: Project) -> None:
    project.answers = [answer("vol", text=" ")]
    assert (project.only().level, project.only().code) == ("error", "no_text")


def test_answer_written_twice_is_an_error(project: Project) -> None:
    project.answers *= 2
    finding = project.only()
    assert (finding.level, finding.code) == ("error", "malformed")
    assert "déjà écrite (data/responses/faq.yml:4)" in finding.what


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"nlu:\n- intent: [\n", r"data/nlu/x\.yml, ligne \d : le YAML n’est pas valable"),
        (b"nlu:\n# \xe9\n", r"data/nlu/x\.yml, ligne 2 : le fichier doit être en UTF-8"),
    ],
)
def test_unreadable_file_is_named_with_its_line(project: Project, content: bytes, told: str) -> None:
    project.load()
    (project.root / "data/nlu/x.yml").write_bytes(content)
    with pytest.raises(OperatorError, match=told):
        load(project.root)


def test_folder_without_data(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="n’existe pas"):
        load(tmp_path)


# -- the report ------------------------------------------------------------------------------------


def test_report_as_text_and_json(project: Project) -> None:
    project.examples["faq/vol"] += [SENTENCE, SENTENCE, "hier soir devant la gare on m'a pris mon vélo"]
    content = project.load()
    findings = check(content, TODAY)
    text = as_text(content, findings)
    assert text.index("Erreurs, à corriger") < text.index("Remarques, à regarder")
    assert "data/nlu/0.yml:157 : l’exemple" in text
    assert "    → Retirez l’un des deux." in text
    assert text.endswith("Erreurs : 1. Remarques : 1.")
    report = as_json(content, findings)
    assert report["codes"] == {"duplicate": 1, "near_duplicate": 1}
    assert (report["topics"], report["errors"], report["notes"]) == (1, 1, 1)
    assert set(report["findings"][0]) == {"level", "code", "file", "line", "what", "todo"}


@pytest.mark.parametrize(
    ("extra", "code"), [([], 0), ([SENTENCE, "hier soir devant la gare on m'a pris mon vélo"], 0), ([SENTENCE] * 2, 1)]
)
def test_command_ends_with_1_when_there_are_errors(project: Project, extra: list[str], code: int) -> None:
    project.examples["faq/vol"] += extra
    project.load()
    program = "import pathlib, sys, frontdesk.cli as cli; cli.ROOT = pathlib.Path(sys.argv.pop(1)); cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", program, str(project.root), "content", "check", "--json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
    report = json.loads(done.stdout)
    assert report["errors"] == code
    assert report["notes"] == (1 if code == 0 and extra else 0)


def test_every_code_is_in_the_editors_guide() -> None:
    source = (ROOT / "frontdesk/content.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'Finding\(\s*(?:"error" if same else "note"|"error"|"note"|few), "(\w+)"', source))
    guide = (ROOT / "docs/content.md").read_text(encoding="utf-8")
    assert len(codes) > 15
    assert [code for code in sorted(codes) if f"`{code}`" not in guide] == []
    assert f"{int(100 * NEARLY_SAME)} %" in guide
