"""What people do in the pages, and what they see."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Frame, Locator, Page, expect
from product import AGENT_EMAIL, AGENT_PASSWORD, ROOT

expect.set_options(timeout=20_000)

NewPage = Callable[..., Awaitable[Page]]  # the fixture `new_page`

THEFT = "on m'a volé mon portefeuille dans le métro"
FRAUD = "il y a des achats que je n'ai pas faits avec ma carte bancaire"
EMERGENCY = "au secours, quelqu'un force ma porte"
# New colours are drawn in a later frame and fade in, one level of the page after the other: axe must not read what is half-way.
SETTLE = """async () => {
    const fading = () => document.getAnimations().filter((one) => one instanceof CSSTransition);
    do {
        await Promise.allSettled(fading().map((one) => one.finished));
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    } while (fading().length > 0);
}"""
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


def messages(page: Page | Frame, author: str) -> Locator:
    """What one author said, in the citizen's page."""
    return page.locator(f"li.message.from-{author}")


async def say(page: Page | Frame, text: str) -> None:
    await page.get_by_test_id("message-input").fill(text)
    await page.get_by_test_id("message-input").press("Enter")
    await expect(page.get_by_test_id("message-input")).to_have_value("")


async def ask(page: Page | Frame, text: str) -> Locator:
    """Asks the assistant; gives its answer."""
    before = await messages(page, "assistant").count()
    await say(page, text)
    await expect(messages(page, "assistant")).to_have_count(before + 1)
    return messages(page, "assistant").nth(before)


async def want_a_person(page: Page) -> str:
    """Presses the button that is always in sight; gives the conversation's id."""
    await page.get_by_test_id("ask-person").click()
    await expect(page.get_by_test_id("queue-place")).to_be_visible()
    return await conversation_id(page)


async def conversation_id(page: Page | Frame) -> str:
    return str(await page.evaluate("JSON.parse(sessionStorage.getItem('relais')).conversation.id"))


async def sign_in(page: Page) -> None:
    await page.get_by_test_id("email").fill(AGENT_EMAIL)
    await page.get_by_test_id("password").fill(AGENT_PASSWORD)
    await page.get_by_test_id("sign-in-submit").click()
    await expect(page.get_by_test_id("desk")).to_be_visible()
    await expect(page.get_by_test_id("link-state")).to_have_attribute("data-link", "live")


def item(page: Page, conversation: str) -> Locator:
    """The line of the queue for one conversation, in the console."""
    return page.locator(f'[data-testid="queue-item"][data-conversation="{conversation}"]')


async def claim(page: Page, conversation: str) -> None:
    await item(page, conversation).get_by_test_id("claim").click()
    await expect(page.get_by_test_id("conversation")).to_have_attribute("data-relation", "mine")


async def reply(page: Page, text: str) -> None:
    await page.get_by_test_id("reply").fill(text)
    await page.get_by_test_id("reply").press("Enter")
    await expect(page.get_by_test_id("reply")).to_have_value("")
    await expect(page.locator('[data-testid="message"][data-author="agent"]').filter(has_text=text)).to_be_visible()


async def finish(page: Page, *, back: bool = False) -> None:
    """Closes the open conversation, or gives it back to the assistant."""
    await page.get_by_test_id("return" if back else "end").click()
    await page.get_by_test_id("outcome-answered").check()
    await page.get_by_test_id("close-submit").click()
    await expect(page.get_by_test_id("close-dialog")).to_have_count(0)


async def tab_to(page: Page, target: Locator, key: str = "Tab", limit: int = 60) -> None:
    """Presses Tab until the focus is there, as somebody without a mouse does."""
    for _ in range(limit):
        if await target.evaluate("(element) => element === document.activeElement"):
            return
        await page.keyboard.press(key)
    raise AssertionError(f"not reached with {limit} times {key}: {target}")


async def check_width(page: Page) -> None:
    """Nothing sticks out to the right."""
    sizes = await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert sizes[0] <= sizes[1], f"{page.url}: {sizes[0]} px in a window of {sizes[1]} px"


async def check_access(page: Page, place: Page | Frame | None = None) -> None:
    """axe-core finds nothing, in light and in dark."""
    target = place or page
    if not await target.evaluate("typeof axe === 'object'"):
        await target.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await target.evaluate(SETTLE)
        found: list[dict[str, Any]] = await target.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then((result) => result.violations)"
        )
        told = [
            f"{scheme}: {one['id']}: {one['help']}: {[(node['target'], node['failureSummary']) for node in one['nodes']][:5]}"
            for one in found
        ]
        assert not told, f"{page.url}\n" + "\n".join(told)
    await page.emulate_media(color_scheme="light")
    await target.evaluate(SETTLE)


async def picture(page: Page, name: str) -> None:
    """A picture of this state for people to look at, where RELAIS_SHOTS names a folder."""
    if folder := os.environ.get("RELAIS_SHOTS"):
        size = page.viewport_size or {"width": 0}
        safe = re.sub(r"[^a-z0-9-]", "", name)
        await page.screenshot(path=Path(folder) / f"{safe}-{size['width']}.png")
