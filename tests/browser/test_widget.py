"""The widget in a page of another site: another origin, with a strict policy of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page, Route, expect
from product import Product
from steps import THEFT, NewPage, ask, check_access, messages, picture

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Mairie</title>
<script src="{base}/widget.js" data-label="Une question ?" defer></script></head>
<body><main><h1>Mairie</h1><p>Une page de la commune.</p></main></body></html>"""


@pytest_asyncio.fixture(loop_scope="session")
async def town(product: Product) -> AsyncIterator[str]:
    """A site that is not ours: another host name and port. It allows the script and the frame, nothing else of ours."""

    async def page(_: web.Request) -> web.Response:
        policy = f"default-src 'none'; script-src {product.base}; frame-src {product.base}"
        headers = {"Content-Security-Policy": policy}
        return web.Response(text=PAGE.format(base=product.base), content_type="text/html", headers=headers)

    async def icon(_: web.Request) -> web.Response:
        return web.Response(status=204)

    app = web.Application()
    app.add_routes([web.get("/", page), web.get("/favicon.ico", icon)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://localhost:{port}"
    await runner.cleanup()


async def widget(page: Page):
    await page.get_by_role("button", name="Une question ?").click()
    element = await page.wait_for_selector("#relais-frame")
    frame = await element.content_frame()
    assert frame is not None
    return frame


async def test_the_widget_answers_in_a_page_of_another_site(new_page: NewPage, town: str) -> None:
    page = await new_page("/", base=town)
    frame = await widget(page)
    await expect(frame.get_by_test_id("message-input")).to_be_focused()
    await ask(frame, THEFT)
    await picture(page, "widget")
    await check_access(page, frame)
    await page.keyboard.press("Escape")
    await expect(page.locator("#relais-frame")).to_be_hidden()
    await expect(page.get_by_role("button", name="Une question ?")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(messages(frame, "assistant")).to_have_count(1)


async def test_quick_exit_in_the_widget_leaves_the_whole_page(new_page: NewPage, town: str, product: Product) -> None:
    page = await new_page("/", base=town)

    async def elsewhere(route: Route) -> None:
        await route.fulfill(status=200, content_type="text/html", body="<title>ailleurs</title>")

    await page.context.route(lambda url: not url.startswith((product.base, town)), elsewhere)
    frame = await widget(page)
    await ask(frame, THEFT)
    await frame.get_by_test_id("quick-exit").click()
    await expect(page).to_have_title("ailleurs")
    await page.goto("/")
    frame = await widget(page)
    await expect(frame.get_by_test_id("topics")).to_be_visible()
    await expect(messages(frame, "citizen")).to_have_count(0)


async def test_the_pages_refuse_to_be_framed_but_the_widget(new_page: NewPage, product: Product) -> None:
    page = await new_page("/demo-widget")
    for path, wanted in (("/", "'none'"), ("/agent/", "'none'"), ("/widget", "*")):
        answer = await page.request.get(f"{product.base}{path}")
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy["frame-ancestors"] == wanted
        assert policy["script-src"] == "'self'"
