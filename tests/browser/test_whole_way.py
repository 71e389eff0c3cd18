"""A citizen and an agent in two browsers: question, answer, person, and back to the assistant."""

import pytest
from playwright.async_api import expect
from product import AGENT_NAME
from steps import FRAUD, THEFT, NewPage, ask, claim, conversation_id, finish, item, messages, picture, reply, say, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_whole_way(new_page: NewPage) -> None:
    citizen = await new_page("/", width=390, height=844)
    agent = await new_page("/agent/")
    await picture(citizen, "citizen-start")
    await picture(agent, "agent-sign-in")

    answer = await ask(citizen, FRAUD)
    await expect(answer).to_contain_text("carte")
    links = await answer.locator("ul.links a").evaluate_all("(all) => all.map((one) => one.href)")
    phones = await answer.locator("ul.phones a").evaluate_all("(all) => all.map((one) => one.href)")
    assert links
    assert all(link.startswith("https://") for link in links)
    assert phones
    assert all(phone.startswith(("tel:", "sms:")) for phone in phones)
    await picture(citizen, "citizen-answer")

    await sign_in(agent)
    await expect(agent.get_by_test_id("queue-empty")).to_be_visible()
    await citizen.get_by_test_id("ask-person").click()
    await expect(citizen.get_by_test_id("queue-place")).to_have_text("Vous êtes la prochaine personne de la file.")
    await expect(citizen.get_by_test_id("speaker")).to_have_attribute("data-owner", "queue")
    await picture(citizen, "citizen-queue")

    conversation = await conversation_id(citizen)
    waiting = item(agent, conversation)
    await expect(waiting).to_contain_text("achats que je n'ai pas faits")
    await picture(agent, "agent-queue")
    await claim(agent, conversation)
    await expect(agent.get_by_test_id("summary")).to_contain_text("achats que je n'ai pas faits")
    await expect(agent.get_by_test_id("transcript")).to_contain_text(FRAUD)
    await expect(citizen.get_by_test_id("with-agent")).to_contain_text(AGENT_NAME)
    await expect(citizen.get_by_test_id("speaker")).to_contain_text(AGENT_NAME)

    await agent.get_by_test_id("reply").press_sequentially("Bonjour, ")
    await expect(citizen.get_by_test_id("typing")).to_contain_text(AGENT_NAME)
    await picture(citizen, "citizen-agent-typing")
    await citizen.get_by_test_id("message-input").press_sequentially("Je suis")
    await expect(agent.get_by_test_id("citizen-typing")).to_have_text("La personne écrit…")
    await reply(agent, "Bonjour, avez-vous fait opposition ?")
    await expect(messages(citizen, "agent").last).to_contain_text("avez-vous fait opposition")
    await expect(messages(citizen, "agent").last).to_contain_text(AGENT_NAME)
    await say(citizen, "Oui, ce matin à la banque.")
    await expect(agent.get_by_test_id("transcript")).to_contain_text("Oui, ce matin à la banque.")
    await expect(messages(citizen, "assistant")).to_have_count(1)
    await picture(citizen, "citizen-with-agent")
    await picture(agent, "agent-conversation")

    await finish(agent, back=True)
    await expect(agent.get_by_test_id("nothing-open")).to_be_visible()
    await expect(citizen.get_by_test_id("speaker")).to_have_attribute("data-owner", "assistant")
    await expect(await ask(citizen, THEFT)).to_contain_text("vol")
    await expect(messages(citizen, "agent")).to_have_count(1)


async def test_an_agent_who_ends_says_so_to_the_citizen(new_page: NewPage) -> None:
    citizen, agent = await new_page("/"), await new_page("/agent/")
    await sign_in(agent)
    await ask(citizen, THEFT)
    await citizen.get_by_test_id("ask-person").click()
    await expect(citizen.get_by_test_id("queue")).to_be_visible()
    await claim(agent, await conversation_id(citizen))
    await finish(agent)
    await expect(citizen.get_by_text("L’agent a terminé cette conversation.")).to_be_visible()
    await picture(citizen, "citizen-closed")
    await ask(citizen, FRAUD)


async def test_a_citizen_leaves_the_queue(new_page: NewPage) -> None:
    citizen, agent = await new_page("/"), await new_page("/agent/")
    await sign_in(agent)
    await ask(citizen, THEFT)
    await citizen.get_by_test_id("ask-person").click()
    conversation = await conversation_id(citizen)
    await expect(item(agent, conversation)).to_be_visible()
    await citizen.get_by_test_id("back-to-assistant").click()
    await expect(item(agent, conversation)).to_have_count(0)
    await expect(citizen.get_by_test_id("ask-person")).to_be_visible()
