"""The agents' console."""

import pytest
from playwright.async_api import expect
from product import AGENT_EMAIL, AGENT_PASSWORD, Product
from proxy import Wire
from steps import (
    EMERGENCY,
    THEFT,
    NewPage,
    ask,
    check_width,
    claim,
    conversation_id,
    finish,
    item,
    messages,
    picture,
    reply,
    say,
    sign_in,
    tab_to,
    want_a_person,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_wrong_password_is_told(new_page: NewPage) -> None:
    page = await new_page("/agent/", calm=False)
    await page.get_by_test_id("email").fill("personne@exemple.fr")
    await page.get_by_test_id("password").fill("ce n'est pas le bon")
    await page.get_by_test_id("sign-in-submit").click()
    await expect(page.get_by_test_id("sign-in-problem")).to_be_visible()
    await expect(page.get_by_test_id("desk")).to_have_count(0)


async def test_by_keyboard_only(new_page: NewPage) -> None:
    citizen = await new_page()
    await ask(citizen, THEFT)
    conversation = await want_a_person(citizen)
    page = await new_page("/agent/")
    await expect(page.get_by_test_id("email")).to_be_focused()
    await page.keyboard.type(AGENT_EMAIL)
    await page.keyboard.press("Tab")
    await page.keyboard.type(AGENT_PASSWORD)
    await page.keyboard.press("Enter")
    claimable = item(page, conversation).get_by_test_id("claim")
    await expect(claimable).to_be_visible()
    await page.keyboard.press("j")
    await expect(claimable).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("reply")).to_be_focused()
    await page.keyboard.type("Bonjour, je vous lis.")
    await page.keyboard.press("Enter")
    await expect(messages(citizen, "agent")).to_contain_text("Bonjour, je vous lis.")
    await tab_to(page, page.get_by_test_id("end"), "Shift+Tab")
    await page.keyboard.press("Enter")
    await tab_to(page, page.get_by_test_id("outcome-answered"))
    await page.keyboard.press("Space")
    await tab_to(page, page.get_by_test_id("close-submit"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("nothing-open")).to_be_visible()
    await expect(citizen.get_by_test_id("speaker")).to_have_attribute("data-owner", "assistant")


async def test_an_urgent_conversation_stands_first_and_is_announced(new_page: NewPage) -> None:
    agent = await new_page("/agent/")
    await sign_in(agent)
    calm, urgent = await new_page(), await new_page()
    await ask(calm, THEFT)
    await want_a_person(calm)
    await say(urgent, EMERGENCY)
    await expect(urgent.get_by_test_id("emergency-card")).to_be_visible()
    first = agent.get_by_test_id("queue-item").first
    await expect(first).to_have_attribute("data-conversation", await conversation_id(urgent))
    await expect(first).to_have_attribute("data-urgent", "true")
    await expect(agent.get_by_test_id("alerted")).not_to_be_empty()
    await picture(agent, "agent-urgent")
    for page in (calm, urgent):
        await page.get_by_test_id("back-to-assistant").click()
        await expect(page.get_by_test_id("ask-person")).to_be_visible()


async def test_a_loss_of_the_network_keeps_the_reply_and_sends_it_once(new_page: NewPage, product: Product) -> None:
    citizen = await new_page()
    await ask(citizen, THEFT)
    conversation = await want_a_person(citizen)
    async with Wire(product.port) as wire:
        agent = await new_page("/agent/", base=wire.base, calm=False)
        await sign_in(agent)
        await claim(agent, conversation)
        await expect(agent.get_by_test_id("transcript")).to_contain_text(THEFT)
        wire.cut()
        await expect(agent.get_by_test_id("lost-banner")).to_be_visible()
        await agent.get_by_test_id("reply").fill("Je reviens vers vous.")
        await agent.get_by_test_id("reply").press("Enter")
        await expect(agent.get_by_test_id("outgoing")).to_have_count(1)
        await picture(agent, "agent-offline")
        wire.mend()
        await expect(agent.get_by_test_id("outgoing")).to_have_count(0)
        await expect(messages(citizen, "agent")).to_have_count(1)
        await reply(agent, "Me revoilà.")
        await expect(messages(citizen, "agent")).to_have_count(2)
        await expect(messages(citizen, "agent").first).to_contain_text("Je reviens vers vous.")
        await finish(agent)


async def test_a_reload_of_the_console_keeps_the_conversation(new_page: NewPage) -> None:
    citizen, agent = await new_page(), await new_page("/agent/")
    await ask(citizen, THEFT)
    conversation = await want_a_person(citizen)
    await sign_in(agent)
    await claim(agent, conversation)
    await agent.reload()
    mine = agent.locator(f'[data-testid="mine-item"][data-conversation="{conversation}"]')
    await expect(mine).to_be_visible()
    await mine.get_by_test_id("open-mine").click()
    await reply(agent, "Je suis encore là.")
    await expect(messages(citizen, "agent")).to_have_count(1)
    await finish(agent)


async def test_320_pixels_are_enough(new_page: NewPage) -> None:
    citizen = await new_page()
    await ask(citizen, "x" * 300)
    conversation = await want_a_person(citizen)
    page = await new_page("/agent/", width=320, height=640)
    await check_width(page)
    await sign_in(page)
    await expect(item(page, conversation)).to_be_visible()
    await check_width(page)
    await claim(page, conversation)
    await check_width(page)
    await picture(page, "agent-narrow")
    await page.get_by_test_id("end").click()
    await expect(page.get_by_test_id("close-dialog")).to_be_visible()
    await check_width(page)
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("close-dialog")).to_have_count(0)
    await finish(page)
