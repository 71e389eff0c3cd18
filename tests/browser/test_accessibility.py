"""axe-core on each page and in each main state, light and dark: zero violations. Sizes: a telephone and a desk."""

import pytest
from playwright.async_api import expect
from steps import EMERGENCY, FRAUD, THEFT, NewPage, ask, check_access, claim, finish, item, picture, reply, say, sign_in, want_a_person

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZES = pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)], ids=["phone", "desk"])


@SIZES
async def test_citizen(new_page: NewPage, width: int, height: int) -> None:
    page = await new_page("/", width=width, height=height)
    await check_access(page)
    await picture(page, "citizen-start")
    await ask(page, FRAUD)
    await check_access(page)
    await picture(page, "citizen-answer")
    await page.get_by_test_id("message-input").fill("x" * 2_001)
    await check_access(page)
    await page.get_by_test_id("message-input").fill("")
    await want_a_person(page)
    await check_access(page)
    await picture(page, "citizen-queue")
    await page.get_by_test_id("back-to-assistant").click()
    await expect(page.get_by_test_id("ask-person")).to_be_visible()
    await say(page, EMERGENCY)
    await expect(page.get_by_test_id("emergency-card")).to_be_visible()
    await check_access(page)
    await picture(page, "citizen-emergency")
    await page.get_by_test_id("privacy").click()
    await expect(page.get_by_test_id("privacy-dialog")).to_be_visible()
    await check_access(page)
    await picture(page, "citizen-privacy")
    await page.get_by_test_id("erase").click()
    await check_access(page)


@SIZES
async def test_agent(new_page: NewPage, width: int, height: int) -> None:
    citizen = await new_page("/", width=width, height=height)
    await ask(citizen, THEFT)
    conversation = await want_a_person(citizen)
    page = await new_page("/agent/", width=width, height=height)
    await check_access(page)
    await picture(page, "agent-sign-in")
    await page.get_by_test_id("sign-in-submit").click()
    await expect(page.get_by_test_id("sign-in-problem")).to_be_visible()
    await check_access(page)
    await sign_in(page)
    await expect(item(page, conversation)).to_be_visible()
    await check_access(page)
    await picture(page, "agent-queue")
    await claim(page, conversation)
    await reply(page, "Bonjour, je vous lis.")
    await check_access(page)
    await picture(page, "agent-conversation")
    await expect(citizen.get_by_test_id("with-agent")).to_be_visible()
    await check_access(citizen)
    for button, dialog in (("end", "close-dialog"), ("release", "release-dialog")):
        await page.get_by_test_id(button).click()
        await expect(page.get_by_test_id(dialog)).to_be_visible()
        await check_access(page)
        await picture(page, f"agent-{dialog}")
        await page.keyboard.press("Escape")
        await expect(page.get_by_test_id(dialog)).to_have_count(0)
    await finish(page)
    await page.keyboard.press("?")  # a telephone has no room for the button, but may have a keyboard
    await expect(page.get_by_test_id("help-dialog")).to_be_visible()
    await check_access(page)
    await page.keyboard.press("Escape")
    await expect(citizen.get_by_text("L’agent a terminé cette conversation.")).to_be_visible()
    await check_access(citizen)
    await picture(citizen, "citizen-closed")


@pytest.mark.parametrize("path", ["/widget", "/demo-widget"])
async def test_other_pages(new_page: NewPage, path: str) -> None:
    page = await new_page(path)
    await check_access(page)
    await picture(page, path.strip("/"))
