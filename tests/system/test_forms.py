"""The forms, the front door, follow-ups and other languages, through the whole running product."""

from __future__ import annotations

from typing import Any

import pytest
from people import Agent, Citizen, owners

APPOINTMENT = [
    "je voudrais prendre un rendez-vous",
    "porter plainte",
    "mon vélo a été volé dans la cour",
    "Nante",
    "gendarmerie",
    "n'importe quand",
    "marie durand",
    "06 12 34 56 78",
    "pas d'email",
    "rien de particulier",
]
INCIDENT = [
    "je veux faire une main courante",
    "hier soir vers 23h mon voisin a mis la musique très fort rue de la Paix à Nantes",
    "le voisin du dessus",
    "non",
    "passer",
    "Jean Dupont",
    "0612345678",
    "jean.dupont@exemple.fr",
    "oui",
]


async def talk(citizen: Citizen, *lines: str) -> list[dict[str, Any]]:
    """Says one line after the other and gives the assistant's answers; `(text, payload)` lines are `text >> payload`."""
    answers = []
    for line in lines:
        text, _, payload = line.partition(" >> ")
        answers.append((await citizen.answered(await citizen.say(text, payload=payload or None)))["data"])
    return answers


async def submission(citizen: Citizen) -> dict[str, Any]:
    events = await citizen.until(lambda seen: any(event["type"] == "submission" for event in seen))
    return next(event["data"] for event in events if event["type"] == "submission")


async def test_appointment_is_asked_for_and_reaches_the_agents(citizen: Citizen, agent: Agent) -> None:
    answers = await talk(citizen, *APPOINTMENT)
    summary = answers[-1]["text"]
    for said in ("déposer une plainte", "mon vélo a été volé", "Nantes (Loire-Atlantique)", "Marie Durand", "06 12 34 56 78"):
        assert said in summary
    (last,) = await talk(citizen, "oui")
    receipt = await submission(citizen)
    assert receipt["kind"] == "appointment"
    assert receipt["number"] in last["text"]
    assert "Ce n’est pas encore un rendez-vous" in last["text"]
    item = next(item for item in (await agent.queue())["waiting"] if item["conversation_id"] == citizen.id)
    assert item["reason"] == "appointment"
    assert await citizen.handoff("DELETE") == "assistant"


async def test_incident_takes_when_and_where_from_the_story_and_lets_them_be_corrected(citizen: Citizen) -> None:
    answers = await talk(citizen, *INCIDENT)
    assert "Qui est concerné" in answers[1]["text"], "when and where are known already"
    assert "ce n’est pas une plainte" in answers[0]["text"]
    assert "vers 23" in answers[-1]["text"]
    assert "rue de la Paix à Nantes" in answers[-1]["text"]
    (corrected,) = await talk(citizen, "non, c'était lundi")
    assert "C’est corrigé" in corrected["text"]
    assert "lundi" in corrected["text"]
    await talk(citizen, "oui")
    assert (await submission(citizen))["kind"] == "incident"


async def test_everything_in_one_sentence_is_taken(citizen: Citizen) -> None:
    (first, *_) = await talk(
        citizen, "je veux un rendez-vous à Rennes mardi prochain pour déposer plainte, je m'appelle Paul Martin, 06 11 22 33 44"
    )
    assert "de quoi s’agit-il" in first["text"].lower()
    answers = await talk(citizen, "passer", "gendarmerie", "passer", "passer")
    assert "Paul Martin" in answers[-1]["text"]
    assert "Rennes" in answers[-1]["text"]
    assert "mardi" in answers[-1]["text"]


async def test_question_in_the_middle_is_answered_and_the_form_goes_on(citizen: Citizen) -> None:
    (_, cost, why) = await talk(citizen, "je voudrais un rendez-vous", "c'est payant ?", "pourquoi vous me demandez ça ?")
    assert "gratuite" in cost["text"]
    assert "Pour quoi voulez-vous un rendez-vous" in cost["text"]
    assert "Le motif dit à l’unité" in why["text"]
    assert cost["buttons"][0]["payload"].startswith("/inform")


async def test_agreement_is_no_name_and_a_need_said_early_is_kept(citizen: Citizen) -> None:
    answers = await talk(citizen, *APPOINTMENT[:6], "oui c'est bon", "je suis en fauteuil roulant", *APPOINTMENT[6:9])
    assert "Quel est votre nom" in answers[6]["text"], "asked again"
    assert answers[7]["text"].startswith("C’est noté.")
    summary = answers[-1]["text"]
    assert "Marie Durand" in summary
    assert "fauteuil" in summary, "not asked a second time"


async def test_why_is_answered_about_what_it_names(citizen: Citizen) -> None:
    (*_, number) = await talk(citizen, *APPOINTMENT[:4], "pourquoi vous voulez mon numéro ?")
    assert "sert à vous rappeler" in number["text"]
    assert "commissariat de police ou une brigade" in number["text"], "and the form goes on"
    (unit,) = await talk(citizen, "pourquoi ?")
    assert "transmettre votre demande" in unit["text"]


async def test_form_is_left_and_taken_up_again_with_its_answers(citizen: Citizen) -> None:
    answers = await talk(citizen, "je veux un rendez-vous", "porter plainte", "laissez tomber", "reprendre ma demande")
    assert "Rien n’a été envoyé" in answers[2]["text"]
    assert "de quoi s’agit-il" in answers[3]["text"].lower(), "the reason is not asked again"


async def test_wrong_telephone_and_date_are_said_and_nothing_is_lost(citizen: Citizen) -> None:
    await talk(citizen, *APPOINTMENT[:5])
    (date, past) = await talk(citizen, "le 31 février", "hier")
    assert "31 février" in date["text"]
    assert "déjà passée" in past["text"]
    (_, _, short) = await talk(citizen, "lundi matin", "marie durand", "06 12 34")
    assert "Il manque des chiffres" in short["text"]


async def test_ambiguous_commune_is_asked_with_buttons(citizen: Citizen) -> None:
    (*_, where) = await talk(citizen, *APPOINTMENT[:3], "Villeneuve")
    payload = where["buttons"][0]["payload"]
    assert payload.startswith('/inform{"commune":"')
    (unit,) = await talk(citizen, f"{where['buttons'][0]['title']} >> {payload}")
    assert "commissariat de police ou une brigade" in unit["text"]


async def test_offence_inside_the_incident_report_stops_it(citizen: Citizen, agent: Agent) -> None:
    (_, stopped) = await talk(
        citizen, "je veux faire une main courante", "mon beau-frère m'a giflée le mois dernier devant toute la famille"
    )
    assert "trop grave pour un formulaire" in stopped["text"]
    assert owners(await citizen.until(owners)) == ["queue"]
    item = next(item for item in (await agent.queue())["waiting"] if item["conversation_id"] == citizen.id)
    assert (item["reason"], item["priority"]) == ("sensitive", "high")
    assert await citizen.handoff("DELETE") == "assistant"


@pytest.mark.parametrize(
    "form", [["je voudrais un rendez-vous"], APPOINTMENT[:7], INCIDENT[:1], INCIDENT[:4], ["il m'est arrivé quelque chose"]]
)
async def test_emergency_wins_in_any_state_of_a_form(citizen: Citizen, form: list[str]) -> None:
    await talk(citizen, *form)
    await citizen.say("au secours il défonce ma porte avec un couteau")
    events = await citizen.until(lambda seen: any(event["type"] == "urgent" for event in seen))
    assert any(event["data"].get("kind") == "emergency" for event in events if event["type"] == "message")
    assert await citizen.handoff("DELETE") == "assistant"


async def test_front_door_fills_what_was_said_and_ends_at_the_right_way(citizen: Citizen) -> None:
    answers = await talk(citizen, "il m'est arrivé quelque chose", "hier on m'a volé mon vélo dans la rue", "non")
    assert "Savez-vous qui" in answers[1]["text"], "when and what are known already"
    assert "porter plainte en ligne" in answers[2]["text"]


async def test_front_door_sends_violence_to_a_person(citizen: Citizen) -> None:
    pressed = ['Ancien >> /inform{"front_door_when":"before"}', 'Violence >> /inform{"front_door_what":"person"}']
    more = ['Non >> /inform{"front_door_online":"no"}', 'Non >> /inform{"front_door_minor":"no"}']
    answers = await talk(citizen, "il m'est arrivé quelque chose", *pressed, *more)
    assert "116 006" in answers[-1]["text"]
    assert owners(await citizen.until(owners)) == ["queue"]
    assert await citizen.handoff("DELETE") == "assistant"


async def test_front_door_opens_the_appointment_with_the_reason_known(citizen: Citizen) -> None:
    answers = await talk(citizen, "il m'est arrivé quelque chose", "mon voisin a cassé ma clôture la semaine dernière")
    assert "se dépose sur place" in answers[-1]["text"]
    assert "de quoi s’agit-il" in answers[-1]["text"].lower()


@pytest.mark.parametrize(
    ("text", "language", "word"),
    [
        ("someone stole my passport yesterday, what should I do?", "en", "112"),
        ("me han robado el bolso en el metro", "es", "Solo entiendo francés"),
        ("в мене вкрали телефон у потязі", "uk", "розумію лише французьку"),
        ("سرقوا حقيبتي في المحطة", "ar", "الفرنسية"),
    ],
)
async def test_other_language_is_answered_in_it_and_handed_over(
    citizen: Citizen, agent: Agent, text: str, language: str, word: str
) -> None:
    (answer,) = await talk(citizen, text)
    assert word in answer["text"]
    assert owners(await citizen.until(owners)) == ["queue"]
    item = next(item for item in (await agent.queue())["waiting"] if item["conversation_id"] == citizen.id)
    assert (item["language"], item["reason"]) == (language, "language")
    assert await citizen.handoff("DELETE") == "assistant"


async def test_followup_keeps_the_topic(citizen: Citizen) -> None:
    answers = await talk(citizen, "on m'a volé mon portefeuille dans le métro", "et si je connais l'auteur ?", "c'est payant ?")
    assert "plainte en ligne n’est pas possible" in answers[1]["text"]
    assert "gratuit" in answers[2]["text"]


async def test_answers_outlive_the_assistant(citizen: Citizen, product: Any) -> None:
    await talk(citizen, *APPOINTMENT[:4])
    product.kill("assistant")
    product.wait_ready()
    (wishes,) = await talk(citizen, "gendarmerie")
    assert "Quels jours" in wishes["text"]
