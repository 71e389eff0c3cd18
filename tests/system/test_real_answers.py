"""Questions of citizens through the whole running product: the right answer, the offer of a person, the handoff."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
import yaml
from people import Agent, Citizen, owners
from product import ROOT, Product

QUESTIONS = (
    ("urgence_numeros", "quels sont les numéros d'urgence ?"),
    ("urgence_numeros", "17 ou 112, lequel faut il composer"),
    ("urgence_silencieuse_114", "je suis sourd, comment contacter les secours par SMS ?"),
    ("urgence_silencieuse_114", "à quoi sert le 114"),
    ("plainte_depot", "Bonjour, je souhaite porter plainte, comment faire ?"),
    ("plainte_depot", "ou est ce que je peux deposer plainte"),
    ("plainte_refus", "le policier à l'accueil a refusé de prendre ma plainte, il a le droit ?"),
    ("plainte_refus", "refus de plainte au commissariat que faire"),
    ("plainte_en_ligne", "peut-on déposer plainte par internet ?"),
    ("plainte_en_ligne", "porter plainte en ligne sans me déplacer"),
    ("main_courante_info", "quelle différence entre une main courante et une plainte"),
    ("main_courante_info", "à quoi sert une main courante ?"),
    ("rdv_commissariat", "comment prendre rendez-vous au commissariat"),
    ("rdv_commissariat", "faut-il prendre rendez-vous pour venir à la gendarmerie ?"),
    ("horaires_unites", "la gendarmerie est ouverte jusqu'à quelle heure ?"),
    ("horaires_unites", "horaires d'ouverture du commissariat le dimanche"),
    ("fraude_carte_perceval", "il y a des achats que je n'ai pas faits avec ma carte bancaire"),
    ("fraude_carte_perceval", "piratage carte bleue, c'est quoi perceval"),
    ("hameconnage", "j'ai reçu un sms bizarre pour un colis avec un lien à cliquer"),
    ("hameconnage", "comment signaler une tentative de phishing"),
    ("faux_mail_police", "un mail signé de la police m'accuse et me demande de payer"),
    ("faux_mail_police", "j'ai reçu une fausse convocation de la gendarmerie par mail"),
    ("violences_conjugales", "quelle aide pour une femme victime de violences conjugales"),
    ("violences_conjugales", "quel numéro appeler pour les femmes battues"),
    ("disparition_inquietante", "comment signaler la disparition d'une personne majeure"),
    ("disparition_inquietante", "à partir de quand peut-on signaler une disparition inquiétante ?"),
    ("vol_simple", "on m'a volé mon portefeuille dans le métro"),
    ("vol_simple", "mon vélo a été volé devant la gare"),
    ("tapage_nuisances", "mes voisins font la fête toutes les nuits, le bruit m'empêche de dormir"),
    ("tapage_nuisances", "que faire contre le tapage nocturne"),
    ("tchat_fonctionnement", "c'est quoi ce service, à quoi sert ce tchat ?"),
    ("tchat_fonctionnement", "comment fonctionne ce tchat"),
)
VAGUE = ("c'est à propos de la chose de l'autre jour", "et alors le rouge ?")


def spoken(response: str) -> set[str]:
    """The texts of a response as the editors wrote them."""
    files = (ROOT / "data" / "responses").glob("*.yml")
    responses = [yaml.safe_load(file.read_text(encoding="utf-8"))["responses"].get(response, []) for file in files]
    return {variant["text"].strip() for variants in responses for variant in variants}


def test_questions_are_two_for_each_of_their_topics() -> None:
    # The sixteen most dangerous and frequent ones, through the whole product; all of them are measured by `relais nlu evaluate`.
    topics = [topic for topic, _ in QUESTIONS]
    assert len(set(topics)) == 16
    assert all(topics.count(topic) == 2 and (ROOT / "data" / "nlu" / "faq" / f"{topic}.yml").exists() for topic in topics)


async def test_each_topic_is_answered(product: Product, http: aiohttp.ClientSession) -> None:
    product.wait_ready()

    async def ask(question: str) -> str:
        citizen = await Citizen.new(http, product)
        return str((await citizen.answered(await citizen.say(question)))["data"]["text"])

    texts = await asyncio.gather(*(ask(question) for _, question in QUESTIONS))
    wrong = [
        f"{topic}: {question} -> {text[:60]}…"
        for (topic, question), text in zip(QUESTIONS, texts, strict=True)
        if text.strip() not in spoken(f"utter_faq/{topic}")
    ]
    assert not wrong, "\n".join(wrong)


async def test_a_typed_request_for_a_person_goes_through_the_webhook(citizen: Citizen, agent: Agent) -> None:
    await citizen.answered(await citizen.say("on m'a volé mon portefeuille dans le métro"))
    seq = await citizen.say("je préfère parler à un être humain")
    answer = await citizen.answered(seq)
    events = await citizen.until(owners)
    assert owners(events) == ["queue"]
    assert answer["data"]["text"]
    item = next(item for item in (await agent.queue())["waiting"] if item["conversation_id"] == citizen.id)
    assert item["reason"] == "asked"
    # Written by the action, not by the front desk: only the assistant knows the topics.
    assert "Sujets abordés" in item["summary"]
    assert "portefeuille" in item["summary"]
    assert await citizen.handoff("DELETE") == "assistant"


async def test_twice_not_understood_offers_a_person(citizen: Citizen) -> None:
    first, second = [await citizen.answered(await citizen.say(text)) for text in VAGUE]
    assert second["data"]["buttons"][0]["payload"] == "/human"
    assert "/human" in [button["payload"] for button in first["data"]["buttons"]]
    assert first["data"]["text"] != second["data"]["text"]
    await citizen.say(second["data"]["buttons"][0]["title"], payload="/human")
    assert owners(await citizen.until(owners)) == ["queue"]
    assert await citizen.handoff("DELETE") == "assistant"


@pytest.mark.parametrize("command", ["/restart", "/faq/vol_simple", "/session_start"])
async def test_a_typed_command_is_only_text(citizen: Citizen, command: str) -> None:
    before = await citizen.answered(await citizen.say(QUESTIONS[0][1]))
    answer = await citizen.answered(await citizen.say(command))
    assert answer["data"]["text"].strip() not in spoken("utter_faq/vol_simple")
    again = await citizen.answered(await citizen.say(QUESTIONS[0][1]))
    assert again["data"]["text"] == before["data"]["text"]
    assert owners(await citizen.events()) == []
