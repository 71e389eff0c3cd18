"""The words of time: their spellings, their typing errors, and the expressions that count as one word. Used by `dates` only."""

from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from spoken.text import Token

WEEKDAYS: Final = {"lundi": 0, "mardi": 1, "mercredi": 2, "jeudi": 3, "vendredi": 4, "samedi": 5, "dimanche": 6}
MONTHS: Final = {
    "janvier": 1, "fevrier": 2, "mars": 3, "avril": 4, "mai": 5, "juin": 6,
    "juillet": 7, "aout": 8, "septembre": 9, "octobre": 10, "novembre": 11, "decembre": 12,
}  # fmt: skip
# Abbreviations count only beside a day or a year: « sept » is a number, « dec » may be anything.
MONTH_SHORTS: Final = {
    "jan": 1, "janv": 1, "fev": 2, "fevr": 2, "avr": 4, "jui": 6, "juil": 7, "jul": 7, "aou": 8,
    "sept": 9, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
HOLIDAYS: Final = {
    "noel": (12, 25), "toussaint": (11, 1), "halloween": (10, 31), "sylvestre": (12, 31), "valentin": (2, 14),
    "armistice": (11, 11), "nouvelan": (1, 1),
}  # fmt: skip
SEASONS: Final = {"printemps": (3, 21), "ete": (6, 21), "automne": (9, 21), "hiver": (12, 21)}

# Limits of the parts of a day, in minutes from its midnight; the night goes on into the next day.
PARTS: Final = {
    "aube": (300, 480), "matin": (360, 720), "matinee": (360, 720), "entremidi": (720, 840), "apresmidi": (720, 1080),
    "soir": (1080, 1440), "soiree": (1080, 1440), "nuit": (1320, 1800),
}  # fmt: skip
# « en début de matinée », « en fin d'après-midi », « en milieu de journée »
EDGES_OF_PARTS: Final = {
    "matin": {"debut": (480, 600), "milieu": (540, 660), "fin": (600, 720)},
    "apresmidi": {"debut": (780, 900), "milieu": (840, 960), "fin": (960, 1080)},
    "soir": {"debut": (1080, 1200), "milieu": (1200, 1320), "fin": (1320, 1440)},
    "nuit": {"debut": (1320, 1440), "milieu": (1440, 1620), "fin": (1620, 1800)},
    "journee": {"debut": (480, 600), "milieu": (660, 840), "fin": (1020, 1200)},
}
EDGES_OF_PARTS["matinee"], EDGES_OF_PARTS["soiree"] = EDGES_OF_PARTS["matin"], EDGES_OF_PARTS["soir"]
EDGES: Final = {"debut": "debut", "mi": "milieu", "milieu": "milieu", "fin": "fin", "courant": "courant"}

UNITS: Final = {"minute": "minute", "heure": "heure", "jour": "jour", "semaine": "semaine", "mois": "mois", "annee": "annee"}
ROUND_NUMBERS: Final = {"huitaine": 8, "dizaine": 10, "quinzaine": 15, "vingtaine": 20, "trentaine": 30}

LAST: Final = frozenset({"dernier", "passe", "precedent", "ecoule"})
NEXT: Final = frozenset({"prochain", "suivant"})
THIS: Final = frozenset({"ce", "cet", "cette"})

# After one of these, « du 8 mai » is a name: a street, a square, a school.
NAMED_AFTER_DAYS: Final = frozenset(
    "rue rues avenue av ave boulevard bd bld bvd place pl square impasse allee allees chemin quai pont cours route passage esplanade "
    "rond point station metro tram arret gare lycee college ecole stade salle cite residence caserne parking centre faubourg ruelle "
    "villa".split()
)
CALLING: Final = frozenset(
    "appel appele appeles appelee appeler appelez appelle appelles appellent appelais composer compose composez fait faire fais faites "
    "tel telephone telephoner joindre contacter contacte contactez numero".split()
)
# What may follow « le 3 » when 3 is a day: a word of grammar or of time, never the name of a thing.
AFTER_A_DAY: Final = frozenset(
    "a au aux vers en et ou dans ce cet cette pour mais j je il elle on nous vous ils elles entre courant avec chez de du depuis si car "
    "puis un une mon ma mes son sa ses leur quelqu quelqun alors quand donc parce par sur devant ca cela c merci svp stp plutot matin "
    "matinee apresmidi soir soiree nuit midi minuit journee dernier passe prochain suivant environ apartir apres avant jusqua tot tard "
    "comme quelque nos vos notre votre les la le l y d qui que qu n ne m me est etait a ete avait ont sont".split()
)

_SPELLINGS: Final = {
    # days
    "hier": "ier hiere hyer hierr",
    "demain": "2main dem1 demin dmain demaiin",
    "aujourdhui": "ajd auj aujd ojd aujourdui aujourdhuit aujourduit ojourdhui aujourdhui jourdhui",
    "lundi": "lundis",
    "mardi": "mardis",
    "mercredi": "mercredis mecredi",
    "jeudi": "jeudis",
    "vendredi": "vendredis vendrdi",
    "samedi": "samedis sammedi",
    "dimanche": "dimanches dimenche",
    # parts of the day
    "apresmidi": "aprem aprm apm apremidi apresmidi apresmidis aprems",
    "matin": "mat matins matain",
    "soir": "soirs",
    "nuit": "nuits nui nuitt",
    "minuit": "minui",
    "midi": "midis",
    "journee": "journees",
    "aube": "aurore",
    # units
    "minute": "minutes min mins mn minuttes",
    "heure": "heures h hr hrs heur heurs",
    "jour": "jours jrs jr jourss",
    "semaine": "semaines sem smaine semain",
    "mois": "moi",
    "annee": "annees an ans",
    # small words
    "vers": "ver verss",
    "environ": "env environs approximativement grosso presque",
    "depuis": "dps dpuis depui dpui depuit depius",
    "dans": "ds dan",
    "entre": "entr antre",
    "avant": "avan avt",
    "apres": "apre apr",
    "dernier": "derniere dernieres derniers dernierre der dernie",
    "passe": "passee passes passees",
    "prochain": "prochaine prochains prochaines proch pro prochin",
    "suivant": "suivante",
    "precedent": "precedente",
    "premier": "1er premiere 1ier",
    "debut": "dbut debu",
    "fin": "fins",
    "weekend": "we wk weekends week weekand wekend",
    "quinzaine": "quinzaines",
    "decembre": "decembres",
    "fevrier": "fevier",
    "ete": "etes",
    "toussaint": "toussaints",
}
_ONE: Final = {spelling: word for word, spellings in _SPELLINGS.items() for spelling in spellings.split()}
# Shorts that are other words too: read as a weekday only before a number (« mar 3/11 »).
WEEKDAY_SHORTS: Final = {"lun": 0, "mar": 1, "mer": 2, "merc": 2, "jeu": 3, "ven": 4, "vend": 4, "sam": 5, "dim": 6}
# Words that are near a word of time without being one.
_NOT_TYPOS: Final = frozenset(
    "marin malin mutin martin matou matis matinal mardin divers devrait denier deniers levrier jaunes mercier mercedes samie dimension "
    "hibere river huiver nuire semelle semence semaille minute moisi sortir avoir avril juive juin "
    "demande demander aout juste precedemment prochainement premierement passer passez passion passage depuis debout debit "
    "courants courante "
    "courrant courait journal journaux journaliste novembres demi demis aprement apprend jouet heurte heureux nuisance "
    "novice automate automne auto noelle fini fine finale matine matines matelas marine marins avrils soirees soiree "
    "jeudy lundy mardy venir vendre vendeur semer semis mienne".split()
)
_FUZZY: Final = tuple(
    word
    for word in (*WEEKDAYS, *MONTHS, *HOLIDAYS, *SEASONS, *PARTS, "demain", "minuit", "semaine", "minute", "heure", "annee", "journee",
                 "dernier", "prochain", "depuis", "environ", "weekend", "quinzaine", "aujourdhui", "debut")
    if len(word) >= 5 and word not in ("valentin", "sylvestre", "matin", "soiree", "heure", "debut", "annee")
)  # fmt: skip
_KNOWN: Final = frozenset(_FUZZY) | {"matin", "soiree", "heure", "debut", "annee"}
_TWO_ERRORS_FROM = 8  # letters

# Expressions that the grammar reads as one word; at most five words, longest first.
_TOGETHER: Final = {
    tuple(phrase.split()): word
    for word, phrases in {
        "aujourdhui": "aujourd hui;aujour d hui;aujourd huit;au jourd hui;aujourdhui meme;ce jour;jour meme",
        "avant": "pas apres",
        "avanthier": "avant hier;avanthier",
        "apresdemain": "apres demain",
        "apresmidi": "apres midi;ap midi;ap m;apres m",
        "weekend": "weekend end",
        "toutalheure": "tout a l heure;toute a l heure;tt a l heure;toutalheure;tout a lheure;tt a lheure",
        "alinstant": "a l instant",
        "ilya": "il y a;y a;ya;ilya;il ya;ca fait;sa fait;cela fait;ca fai;il y a deja;voila deja;il i a",
        "apartir": "a partir de;a partir du;a partir d;apartir de;apartir du;a compter de;a compter du;des;pas avant",
        "dici": "d ici a;d ici au;d ici;dici;d ici le",
        "jusqua": "jusqu a;jusqu au;jusqua;jusquau",
        "vers": "aux alentours de;aux alentours du;aux alentours d;autour de;autour du;aux environ de;aux environ du;aux alentour de;"
        "alentours de;au alentours de;au alentour de;aux environ d;vers les;sur les;sur le coup de",
        "environ": "a peu pres;a peut pres;plus ou moins;a peu de chose pres;plus de;moins de;au moins;un peu plus de;un peu moins de;"
        "bien;deja;bientot;pas loin de;deja environ",
        "entremidi": "entre midi et deux;entre midi et 2;entre 12 et 2",
        "nouvelan": "nouvel an;jour de l an;premier de l an",
        "petitmatin": "petit matin",
    }.items()
    for phrase in phrases.split(";")
}  # fmt: skip
_LONGEST = max(len(phrase) for phrase in _TOGETHER)


@lru_cache(maxsize=4096)
def canonical(word: str) -> str:
    """One spelling for a folded word: known spellings, else the word of time it is one letter away from (two in long words)."""
    if word in _ONE:
        return _ONE[word]
    if len(word) < 5 or len(word) > 14 or word in _KNOWN or word in _NOT_TYPOS or word[0].isdecimal():
        return word
    limit = 2 if len(word) >= _TWO_ERRORS_FROM else 1
    best, best_distance = word, limit + 1
    for known in _FUZZY:
        # the first letter is rarely the wrong one, and this keeps « latin » from being « matin »
        if known[0] == word[0] and (limit == 1 or len(known) >= _TWO_ERRORS_FROM or abs(len(known) - len(word)) <= 1):
            allowed = limit if len(known) >= _TWO_ERRORS_FROM else 1
            distance = OSA.distance(word, known, score_cutoff=allowed)
            if distance <= allowed and distance < best_distance:
                best, best_distance = known, distance
    return best


def joined(tokens: list[Token]) -> list[Token]:
    """The tokens in canonical words, expressions such as « il y a » made one token. Glued « 2main », « 1er » are made one as well."""
    simple: list[Token] = []
    for token in tokens:
        if simple and token.glued and simple[-1].text.isdecimal() != token.text.isdecimal() and simple[-1].text + token.text in _ONE:
            before = simple.pop()
            simple.append(Token(_ONE[before.text + token.text], before.start, token.end, before.glued))
        else:
            simple.append(token)
    words = [canonical(token.text) for token in simple]
    raw = [token.text for token in simple]
    found: list[Token] = []
    i = 0
    while i < len(simple):
        for length in range(min(_LONGEST, len(simple) - i), 0, -1):
            word = _TOGETHER.get(tuple(raw[i : i + length])) or _TOGETHER.get(tuple(words[i : i + length]))
            if word:
                found.append(Token(word, simple[i].start, simple[i + length - 1].end, simple[i].glued))
                i += length
                break
        else:
            found.append(Token(words[i], simple[i].start, simple[i].end, simple[i].glued))
            i += 1
    return found
