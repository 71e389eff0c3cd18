"""What was not understood reaches the editors masked, counted, with the topic that the citizen chose next, and nothing else does."""

from fake_assistant import FakeAssistant, says
from harness import BOTH_DATABASES, Citizen, Desk

from frontdesk import keys
from frontdesk.suggestions import Suggestion, suggestions

FALLBACK = {"text": "Je ne suis pas sûr d’avoir compris.", "buttons": [{"title": "Vol", "payload": "/faq/vol_simple"}]}


async def not_understood(desk: Desk, assistant: FakeAssistant, text: str) -> Citizen:
    assistant.script[text] = [says(FALLBACK, intent="nlu_fallback", understood=False)]
    citizen = await desk.citizen()
    await citizen.answered(await citizen.say(text))
    return citizen


async def listed(desk: Desk, limit: int = 100) -> list[Suggestion]:
    return await suggestions(desk.app[keys.READS], limit)


@BOTH_DATABASES
async def test_nothing_personal_is_left(desk: Desk, assistant: FakeAssistant) -> None:
    await not_understood(desk, assistant, "je m'appelle Jeanne Martin, 06 12 34 56 78,\njeanne@exemple.fr, ça m'a tout pris")
    (only,) = await listed(desk)
    for personal in ("Jeanne", "Martin", "06", "exemple.fr"):
        assert personal not in only.text
    assert only.text.endswith("ça m'a tout pris")
    assert "\n" not in only.text


@BOTH_DATABASES
async def test_only_what_was_not_understood(desk: Desk, assistant: FakeAssistant) -> None:
    citizen = await not_understood(desk, assistant, "le machin est parti")
    await citizen.answered(await citizen.say("on m'a volé mon vélo"))
    assistant.script["Paul"] = [says({"text": "Et votre téléphone ?"}, intent="nlu_fallback")]  # a form took it
    await citizen.answered(await citizen.say("Paul"))
    assert [one.text for one in await listed(desk)] == ["le machin est parti"]


@BOTH_DATABASES
async def test_alike_counts_together_with_the_topic_that_was_chosen(desk: Desk, assistant: FakeAssistant) -> None:
    first = await not_understood(desk, assistant, "le machin est parti")
    await first.answered(await first.say("Vol", payload="/faq/vol_simple"))
    second = await not_understood(desk, assistant, "Le machin est PARTI")
    await second.answered(await second.say("mon vélo"))  # other words: no topic was chosen
    await not_understood(desk, assistant, "autre chose encore")
    found = await listed(desk)
    assert [(one.times, dict(one.chosen)) for one in found] == [(2, {"vol_simple": 1}), (1, {})]
    assert [one.text for one in await listed(desk, 1)] == [found[0].text]
