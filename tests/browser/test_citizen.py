"""The citizen's page when things go wrong, or must go fast."""

import pytest
from playwright.async_api import Page, Route, expect
from product import Product
from proxy import Wire
from steps import (
    EMERGENCY,
    FRAUD,
    THEFT,
    NewPage,
    ask,
    check_width,
    claim,
    conversation_id,
    finish,
    messages,
    picture,
    say,
    sign_in,
    tab_to,
    want_a_person,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

ATTACK = "<img src=x onerror=\"window.hit=1\"><script>window.hit=1</script><a href='javascript:window.hit=1'>ici</a>"


async def stored(page: Page) -> list[str]:
    """What the front desk has of the citizen's own words, read with the page's own token."""
    return list(
        await page.evaluate(
            """async () => {
                const {id, token} = JSON.parse(sessionStorage.getItem("relais")).conversation;
                const answer = await fetch(`/api/v1/conversations/${id}/events?after=0`, {headers: {Authorization: `Bearer ${token}`}});
                return (await answer.json()).events.filter((one) => one.author === "citizen").map((one) => one.data.text);
            }"""
        )
    )


async def test_a_reload_resumes(new_page: NewPage) -> None:
    page = await new_page()
    answer = await (await ask(page, THEFT)).inner_text()
    await page.get_by_test_id("message-input").fill("pas encore envoyé")
    conversation = await conversation_id(page)
    await page.reload()
    await expect(messages(page, "assistant")).to_have_text([answer], use_inner_text=True)
    await expect(messages(page, "citizen")).to_have_count(1)
    await expect(page.get_by_test_id("message-input")).to_have_value("pas encore envoyé")
    assert await conversation_id(page) == conversation
    await ask(page, FRAUD)


async def test_a_loss_of_the_network_keeps_messages_and_sends_them_once(new_page: NewPage, product: Product) -> None:
    async with Wire(product.port) as wire:
        page = await new_page(base=wire.base, calm=False)
        await ask(page, THEFT)
        wire.cut()
        await say(page, "premier message sans réseau")
        await say(page, "second message sans réseau")
        await expect(page.get_by_test_id("pending-message")).to_have_count(2)
        await expect(page.get_by_test_id("banner")).to_contain_text("Vos messages sont gardés")
        await picture(page, "citizen-offline")
        wire.mend()
        await expect(page.get_by_test_id("pending-message")).to_have_count(0)
        await expect(messages(page, "assistant")).to_have_count(3)
        await expect(page.get_by_test_id("banner")).to_be_hidden()
        assert await stored(page) == [THEFT, "premier message sans réseau", "second message sans réseau"]


async def test_unsent_messages_survive_a_reload(new_page: NewPage) -> None:
    page = await new_page(calm=False)
    await ask(page, THEFT)
    await page.route("**/messages", lambda route: route.abort())
    await say(page, "gardé dans cet onglet")
    await expect(page.get_by_test_id("pending-message")).to_have_count(1)
    await page.unroute("**/messages")
    await page.reload()
    await expect(page.get_by_test_id("pending-message")).to_have_count(0)
    await expect(messages(page, "citizen")).to_have_count(2)
    assert await stored(page) == [THEFT, "gardé dans cet onglet"]


async def test_a_lost_acknowledgement_does_not_double_the_message(new_page: NewPage, product: Product) -> None:
    async with Wire(product.port) as wire:
        page = await new_page(base=wire.base, calm=False)
        await ask(page, THEFT)
        conversation = await conversation_id(page)
        wire.deafen()
        await say(page, FRAUD)
        await expect(page.get_by_test_id("pending-message")).to_have_count(1)
        other = await new_page(calm=False)  # another line to the same front desk: the message has arrived there
        trace = await page.evaluate("sessionStorage.getItem('relais')")
        await other.evaluate("(trace) => sessionStorage.setItem('relais', JSON.stringify({...JSON.parse(trace), outbox: []}))", trace)
        await other.reload()
        await expect(messages(other, "assistant")).to_have_count(2)
        wire.cut()
        wire.mend()
        await expect(page.get_by_test_id("pending-message")).to_have_count(0)
        await expect(messages(page, "assistant")).to_have_count(2)
        assert await stored(page) == [THEFT, FRAUD]
        assert await conversation_id(page) == conversation


async def test_the_emergency_card(new_page: NewPage) -> None:
    page = await new_page(width=390, height=844)
    await say(page, EMERGENCY)
    card = page.get_by_test_id("emergency-card")
    await expect(card).to_have_role("alert")
    numbers = await card.locator("ul.phones a").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    assert {"tel:17", "tel:112", "sms:114"} <= set(numbers)
    await expect(card.locator("ul.phones a").first).to_be_in_viewport()
    await expect(page.get_by_test_id("queue")).to_be_visible()
    await picture(page, "citizen-emergency")
    await card.get_by_role("button", name="Revenir à l’assistant").click()
    await expect(page.get_by_test_id("ask-person")).to_be_visible()


async def test_2001_characters_are_refused_and_nothing_is_lost(new_page: NewPage) -> None:
    page = await new_page()
    box = page.get_by_test_id("message-input")
    text = "é🙂" * 1_000
    await box.fill(f"{text}!")
    await expect(page.get_by_test_id("too-long")).to_contain_text("retirez-en 1,")
    await box.press("Enter")
    await page.get_by_test_id("send").click(force=True)  # it says that it is disabled, and explains when pressed
    await expect(page.get_by_test_id("too-long")).to_have_role("alert")
    await expect(box).to_have_value(f"{text}!")
    await expect(messages(page, "citizen")).to_have_count(0)
    await page.reload()
    await expect(box).to_have_value(f"{text}!")
    await picture(page, "citizen-too-long")
    await box.press("End")
    await box.press("Control+End")
    await box.press("Backspace")
    await expect(page.get_by_test_id("too-long")).to_have_count(0)
    await box.press("Enter")
    await expect(messages(page, "citizen")).to_have_count(1)
    await expect(messages(page, "assistant")).to_have_count(1)
    assert await stored(page) == [text]


@pytest.mark.parametrize("way", ["button", "keys"])
async def test_quick_exit_erases_and_leaves(new_page: NewPage, product: Product, way: str) -> None:
    page = await new_page()

    async def elsewhere(route: Route) -> None:
        await route.fulfill(status=200, content_type="text/html", body="<title>ailleurs</title>")

    await page.context.route(lambda url: not url.startswith(product.base), elsewhere)
    await ask(page, THEFT)
    if way == "button":
        await page.get_by_test_id("quick-exit").click()
    else:
        for _ in range(3):
            await page.keyboard.press("Escape")
    await expect(page).to_have_title("ailleurs")
    assert not page.url.startswith(product.base)
    await page.go_back()
    assert not page.url.startswith(product.base), "the Back button leads back to the conversation"
    await page.goto("/")
    await expect(page.get_by_test_id("topics")).to_be_visible()
    await expect(messages(page, "citizen")).to_have_count(0)
    kept = await page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])")
    assert kept == '[{},{},""]'


async def test_what_people_type_stays_text(new_page: NewPage) -> None:
    citizen, agent = await new_page(), await new_page("/agent/")
    await sign_in(agent)
    await ask(citizen, ATTACK)
    conversation = await want_a_person(citizen)
    await claim(agent, conversation)
    await expect(messages(citizen, "citizen").first).to_contain_text(ATTACK)
    await expect(agent.get_by_test_id("transcript")).to_contain_text(ATTACK)
    await expect(agent.get_by_test_id("summary")).to_contain_text("<img src=x")
    for page in (citizen, agent):
        assert await page.evaluate("window.hit") is None
        await expect(page.locator("img[src=x], a[href^=javascript]")).to_have_count(0)
    await finish(agent)


async def test_by_keyboard_only(new_page: NewPage) -> None:
    page = await new_page()
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip-link")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("message-input")).to_be_focused()
    await page.keyboard.type(THEFT)
    await page.keyboard.press("Enter")
    answer = messages(page, "assistant")
    await expect(answer).to_have_count(1)
    await expect(page.get_by_test_id("message-input")).to_be_focused()
    await tab_to(page, answer.first.locator("button").first, "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(answer).to_have_count(2)
    await tab_to(page, page.get_by_test_id("ask-person"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("queue-place")).to_be_visible()
    await tab_to(page, page.get_by_test_id("back-to-assistant"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("ask-person")).to_be_visible()
    await tab_to(page, page.get_by_test_id("privacy"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("privacy-dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("privacy-dialog")).to_be_hidden()
    await expect(page.get_by_test_id("privacy")).to_be_focused()


async def test_erasing_can_be_taken_back(new_page: NewPage) -> None:
    page = await new_page()
    await ask(page, THEFT)
    await page.get_by_test_id("privacy").click()
    await page.get_by_test_id("erase").click()
    await expect(messages(page, "citizen")).to_have_count(0)
    await page.get_by_test_id("erased").get_by_role("button").click()
    await expect(messages(page, "assistant")).to_have_count(1)


async def test_320_pixels_are_enough(new_page: NewPage) -> None:
    page = await new_page(width=320, height=640)
    await check_width(page)
    await ask(page, FRAUD)
    await ask(page, "x" * 300)
    await check_width(page)
    await say(page, EMERGENCY)
    await expect(page.get_by_test_id("emergency-card")).to_be_visible()
    await check_width(page)
    await picture(page, "citizen-narrow")
    await page.get_by_test_id("back-to-assistant").click()
    await expect(page.get_by_test_id("ask-person")).to_be_visible()
    await page.get_by_test_id("privacy").click()
    await check_width(page)
    await page.goto("/demo-widget")
    await check_width(page)
