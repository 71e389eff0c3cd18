"""The running product and real browsers in front of it.

Environment: RELAIS_CHROMIUM names the browser, else one is looked for on PATH; RELAIS_SHOTS names a folder for pictures of the main states.
"""

import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, async_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))  # the running product is the same one as there

from people import Agent
from product import Product, missing, running_product
from steps import NewPage

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LIMIT = 20_000  # milliseconds that anything in a page may take


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product with the settings of real life."""
    with running_product(tmp_path_factory.mktemp("relais")) as product:
        yield product


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    chosen = os.environ.get("RELAIS_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not chosen:
        missing("Aucun navigateur : installez-en un (sudo apt-get install chromium) ou nommez-le dans RELAIS_CHROMIUM.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chosen, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def new_page(browser: Browser, product: Product) -> AsyncIterator[NewPage]:
    """Opens a page in a browser profile of its own, with nothing kept from before.

    Whatever a page reports to its console as an error fails the test, above all what the Content-Security-Policy stopped; a test that
    cuts the network passes `calm=False` and is then told of policy violations and uncaught exceptions only.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    async def open_page(path: str = "/", *, base: str = product.base, calm: bool = True, width: int = 1280, height: int = 800) -> Page:
        context = await browser.new_context(
            locale="fr-FR", viewport={"width": width, "height": height}, base_url=base, reduced_motion="reduce"
        )
        context.set_default_timeout(LIMIT)
        contexts.append(context)

        def heard(message: ConsoleMessage) -> None:
            # The console asks who is signed in and is told 401 when nobody is: the browser writes that down as an error.
            asked = "401" in message.text and message.location["url"].endswith("/api/v1/agent/session")
            if message.type == "error" and not asked and (calm or "Content Security Policy" in message.text):
                problems.append(f"{path}: {message.text}")

        def thrown(error: Error) -> None:
            problems.append(f"{path}: {error}")

        page = await context.new_page()
        page.on("console", heard)
        page.on("pageerror", thrown)
        await page.goto(path)
        return page

    yield open_page
    await empty_queue(product)
    for context in contexts:
        await context.close()
    assert not problems, "\n".join(problems)


async def empty_queue(product: Product) -> None:
    """Ends what a test left behind, also one that failed: the next one starts with an empty queue."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        agent = await Agent(http, product).sign_in()
        queue = await agent.queue()
        for one in queue["waiting"]:
            await agent.post(one["conversation_id"], "claim")
        for one in queue["waiting"] + queue["mine"]:
            await agent.post(one["conversation_id"], "close", outcome="other", return_to_assistant=False)
