"""Communes and places: how people write them, everyday words that are communes too, every name of the data, any text at all."""

import gzip
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoken import places
from spoken.places import DATA, MAX_CHOICES, Ambiguous, CommuneAnswer, Found, find_commune, find_place


def _said(answer: CommuneAnswer) -> str | list[str] | None:
    if isinstance(answer, Found):
        return f"{answer.commune.name} {answer.commune.department}"
    return [f"{commune.name} {commune.department}" for commune in answer.communes] if answer else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rue de la Paix à Nantes", "Nantes 44"), ("rue de la Paix Nantes", "Nantes 44"), ("44000", "Nantes 44"), ("44 000 Nantes", "Nantes 44"),
        ("nante", "Nantes 44"), ("st etienne", "Saint-Étienne 42"), ("saint-etienne du rouvray", "Saint-Étienne-du-Rouvray 76"),
        ("Aix en Pce", "Aix-en-Provence 13"), ("paris 15", "Paris 15e Arrondissement 75"), ("Paris XVe", "Paris 15e Arrondissement 75"),
        ("75015", "Paris 15e Arrondissement 75"), ("15e arrondissement de Paris", "Paris 15e Arrondissement 75"), ("Paris 21", "Paris 75"),
        ("lyon 3", "Lyon 3e Arrondissement 69"), ("69003", "Lyon 3e Arrondissement 69"), ("à lyon dans le 3e", "Lyon 3e Arrondissement 69"),
        ("marseille 8eme", "Marseille 8e Arrondissement 13"), ("Vénissieu", "Vénissieux 69"), ("clermont-ferand", "Clermont-Ferrand 63"),
        ("j'habite à clermont-ferand", "Clermont-Ferrand 63"), ("la rochel", "La Rochelle 17"), ("bordeau", "Bordeaux 33"),
        ("strassbourg", "Strasbourg 67"), ("montpelier", "Montpellier 34"), ("Saint-Denis 93", "Saint-Denis 93"),
        ("Saint-Denis (Seine-Saint-Denis)", "Saint-Denis 93"), ("St Denis de la réunion", "Saint-Denis 974"), ("Saint Denis, Réunion", "Saint-Denis 974"),
        ("au Mans", "Le Mans 72"), ("havre", "Le Havre 76"), ("je viens des Ulis", "Les Ulis 91"), ("hay les roses", "L'Haÿ-les-Roses 94"),
        ("Chalon s/ Saône", "Chalon-sur-Saône 71"), ("Evry", "Évry-Courcouronnes 91"), ("Villeneuve d'Ascq", "Villeneuve-d'Ascq 59"),
        ("fort de france", "Fort-de-France 972"), ("Papeete", "Papeete 987"), ("noumea", "Nouméa 988"), ("97400", "Saint-Denis 974"),
        ("12 avenue de Paris, 78000 Versailles", "Versailles 78"), ("c'est arrivé à Marseille vers la gare", "Marseille 13"),
        ("j'habite a toulouse", "Toulouse 31"), ("montreuil 62", "Montreuil-sur-Mer 62"), ("Montreuil", "Montreuil 93"), ("Y", "Y 80"),
        ("Le Port 974", "Le Port 974"), ("j'habite Bons en Chablais", "Bons-en-Chablais 74"), ("à Tours", "Tours 37"), ("PARIS", "Paris 75"),
        ("bd de Strasbourg Toulouse", "Toulouse 31"), ("01400 romans", "Romans 01"), ("20000", "Ajaccio 2A"),
        ("20000 euros", None), ("j'ai porté Plainte contre mon voisin", None), ("on m'a volé mon vélo à côté", None), ("rue de Paris", None),
        ("M. Lyon est mon voisin", None), ("Mme Paris", None), ("j'ai fait deux tours", None), ("mon téléphone Orange", None), ("à l'aide", None),
        ("il y a eu un vol hier soir", None), ("je veux parler à un agent", None), ("bonjour", None), ("oui", None), ("je ne sais pas", None), ("", None),
        ("son bus est parti vers le pont", None), ("mon numéro de dossier est 33000", None),
    ],
)  # fmt: skip
def test_commune_find(text: str, expected: str | None) -> None:
    assert _said(find_commune(text)) == expected


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Saint-Denis", ["Saint-Denis 974", "Saint-Denis 93"]),
        ("Villeneuve", ["Villeneuve-d'Ascq 59", "Villeneuve-Saint-Georges 94"]),
        ("Aix", ["Aix-en-Provence 13", "Aix-les-Bains 73"]),
        ("Sers", ["Sers 16", "Sers 65"]),
        ("j'habite à Sers", ["Sers 16", "Sers 65"]),
        ("Contre", ["Contre 80", "Contré 17"]),
        ("Bons", ["Bons-en-Chablais 74"]),
        ("01400", ["Châtillon-sur-Chalaronne 01"]),
    ],
)
def test_commune_find_ambiguous_most_populous_first(text: str, first: list[str]) -> None:
    answer = find_commune(text)
    assert isinstance(answer, Ambiguous)
    assert _said(answer)[: len(first)] == first  # type: ignore[index]
    assert 2 <= len(answer.communes) <= MAX_CHOICES
    assert list(answer.communes) == sorted(answer.communes, key=lambda commune: -commune.population)
    assert all(commune.department_name for commune in answer.communes)


def test_commune_find_near_decides() -> None:
    assert _said(find_commune("Saint-Denis", near="93")) == "Saint-Denis 93"
    assert _said(find_commune("Nantes", near="93")) == "Nantes 44"


def test_commune_has_its_facts() -> None:
    answer = find_commune("Nantes")
    assert isinstance(answer, Found)
    nantes = answer.commune
    assert (nantes.code, nantes.department, nantes.department_name) == ("44109", "44", "Loire-Atlantique")
    assert "44000" in nantes.postcodes
    assert nantes.population > 300_000


@cache
def _names() -> list[tuple[str, str, str]]:
    """Code, name, department of every line of the data, read without the package."""
    lines = gzip.decompress(DATA.read_bytes()).decode().splitlines()
    assert all(line.startswith("#") for line in lines[:3])
    return [(row[2], row[3], row[5]) for row in (line.split("\t") for line in lines if line.startswith("C"))]


def test_communes_data_is_whole() -> None:
    names = _names()
    assert len(names) > 35_000
    assert len({code for code, _, _ in names}) == len(names)
    assert {"75115", "69383", "13208", "97411", "98735", "2A004"} <= {code for code, _, _ in names}
    assert DATA.stat().st_size < 1_000_000


@settings(max_examples=400, deadline=None)
@given(
    place=st.integers(0, 34_000),
    case=st.sampled_from([str.lower, str.upper, str.title, str]),
    joint=st.sampled_from("- '’"),
    plain=st.booleans(),
)
def test_commune_every_name_is_found(place: int, case: type[str], joint: str, plain: bool) -> None:
    code, name, department = _names()[place]
    written = case(re.sub(r"[-' ]", joint, name))
    if plain:
        written = written.translate(str.maketrans("éèêëàâîïôöùûüçÉÈÊËÀÂÎÏÔÖÙÛÜÇ", "eeeeaaiioouuucEEEEAAIIOOUUUC"))
    answer = find_commune(written, near=department)
    assert answer is not None, written
    # of more than six homonyms in one department the least populous may be left out
    found = [answer.commune] if isinstance(answer, Found) else list(answer.communes)
    assert code in [commune.code for commune in found] or len(found) == MAX_CHOICES, (written, _said(answer))


def test_communes_load_once() -> None:
    find_commune("Nantes")
    assert places._communes() is places._communes()


@pytest.mark.parametrize(
    ("text", "piece", "commune"),
    [
        ("12 bis rue de la Paix à Nantes", "12 bis rue de la Paix à Nantes", "Nantes"),
        ("12, rue de la Paix 44000 Nantes", "12, rue de la Paix 44000 Nantes", "Nantes"),
        ("c'était place de la mairie", "place de la mairie", None),
        ("devant le Leclerc hier", "devant le Leclerc", None),
        ("gare de Lyon", "gare de Lyon", None),
        ("gare de Lyon à Paris", "gare de Lyon à Paris", "Paris"),
        ("sur l'A7 vers 14h", "sur l'A7", None),
        ("je suis chez moi", "chez moi", None),
        ("dans le bus 4", "dans le bus 4", None),
        ("ligne 13 du métro", "ligne 13", None),
        ("RER B", "RER B", None),
        ("au 12 rue victor hugo vers 14h", "12 rue victor hugo", None),
        ("dans le parking du carrefour", "dans le parking du carrefour", None),
        ("au supermarché Lidl de Rezé", "au supermarché Lidl de Rezé", "Rezé"),
        ("j'étais chez Paul", "chez Paul", None),
        ("hier je marchais avenue du général de gaulle quand on m'a suivi", "avenue du général de gaulle", None),
        ("rue du 8 mai 1945", "rue du 8 mai 1945", None),
        ("à Nantes", "Nantes", "Nantes"),
        ("a cote de la mairie de Rennes", "a cote de la mairie de Rennes", "Rennes"),
    ],
)
def test_place_find(text: str, piece: str, commune: str | None) -> None:
    place = find_place(text)
    assert place is not None
    assert place.text == piece == text[slice(*place.span)]
    assert (place.commune.name if place.commune else None) == commune


@pytest.mark.parametrize("text", ["", "rien", "je ne sais pas", "il a 15 ans", "hier à 14h"])
def test_place_find_none(text: str) -> None:
    assert find_place(text) is None


_WORDS = st.sampled_from(
    "à Nantes nantes saint Saint-Denis 44000 44 000 rue de la Paix 12 bis , ( - paris 15 e XV sur chez moi A7 le Mans y s / d' é".split()
)
_TEXTS = st.one_of(st.text(max_size=2000), st.lists(_WORDS, max_size=60).map(" ".join), st.lists(_WORDS, max_size=40).map("".join))


@settings(max_examples=200, deadline=None)
@given(text=_TEXTS, near=st.sampled_from([None, "44", "974", "??"]))
def test_places_find_any_text(text: str, near: str | None) -> None:
    answer = find_commune(text, near=near)
    if isinstance(answer, Ambiguous):
        assert 2 <= len(answer.communes) <= MAX_CHOICES
    place = find_place(text)
    if place:
        start, end = place.span
        assert 0 <= start < end <= len(text)
        assert place.text == text[start:end]


@pytest.mark.parametrize(
    "piece", ["à nantz ", "saint ", "rue de ", "12 rue ", "44000 ", "44 ", "a", "a-", "-", "à ", "paris 15 ", "Aaaaa ", "é", "chez le "]
)
def test_places_find_hostile_text_to_its_end(piece: str) -> None:
    # A regular expression gone wild would take hours on this; reading takes hundredths of a second.
    text = (piece * 2000)[:2000]
    find_commune("Nantes")
    find_commune(text)
    find_place(text)
