"""Appointments and incident reports in the pages: the citizen's receipt, the agent's panel, both without a reload."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Locator, Page, expect
from product import Product
from standardwebhooks import Webhook
from steps import NewPage, check_access, check_width, claim, conversation_id, finish, item, picture, sign_in, tab_to, want_a_person

from frontdesk.environment import load_secrets

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZES = pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)], ids=["phone", "desk"])
CONTACT = {"name": "Camille Exemple", "phone": "+33199001234", "email": "camille@exemple.fr"}
APPOINTMENT = {
    **CONTACT,
    "reason": "complaint",
    "reason_text": "On a volé mon vélo dans la cour",
    "commune_name": "Lyon 3e",
    "postcode": "69003",
    "unit": "police",
    "wishes_text": "jeudi matin",
    "wishes": [{"start": "2026-11-26T08:00:00+01:00", "end": "2026-11-26T12:00:00+01:00", "text": "jeudi matin"}],
}
INCIDENT = {
    **CONTACT,
    "what": "Mon voisin a garé sa camionnette devant mon portail.\nElle y est restée toute la nuit.",
    "when_text": "samedi soir",
    "when_precision": "approximate",
    "where_text": "devant chez moi",
    "callback": True,
}
TYPES = {"appointment": "appointment.requested", "incident": "incident.reported"}


async def submit(product: Product, kind: str, conversation: str, **data: Any) -> str:
    """What the assistant's actions do at the end of a form; gives the number."""
    secret = load_secrets(product.directory / "var" / "secrets.env")["RELAIS_WEBHOOK_SECRETS"].split()[0]
    moment, webhook_id = datetime.now(UTC), secrets.token_hex(8)
    body = json.dumps({"type": TYPES[kind], "timestamp": moment.isoformat(), "data": {"conversation_id": conversation, **data}})
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, moment, body),
    }
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{product.base}/api/v1/webhooks/{kind}", data=body.encode(), headers=headers) as answer,
    ):
        assert answer.status == 202, await answer.text()
        return str((await answer.json())["number"])


def receipt(page: Page, number: str) -> Locator:
    return page.locator(f'[data-testid="receipt"][data-number="{number}"]')


def panel(page: Page, number: str) -> Locator:
    return page.locator(f'[data-testid="submission"][data-number="{number}"]')


async def copied(page: Page) -> str:
    return str(await page.evaluate("navigator.clipboard.readText()"))


@SIZES
async def test_the_receipt_comes_at_once_and_survives_a_reload(new_page: NewPage, product: Product, width: int, height: int) -> None:
    page = await new_page("/", width=width, height=height)
    await want_a_person(page)
    conversation = await conversation_id(page)
    appointment = await submit(product, "appointment", conversation, **APPOINTMENT)
    await expect(receipt(page, appointment)).to_contain_text("Demande à confirmer par l’unité.")
    incident = await submit(product, "incident", conversation, **INCIDENT)
    await expect(receipt(page, incident)).to_contain_text("Déclaration à vérifier par un agent, ce n’est pas une plainte.")
    await submit(product, "incident", conversation, **INCIDENT, corrects=incident)
    await expect(receipt(page, incident).nth(1)).to_contain_text("version\u00a02")
    await check_access(page)
    await check_width(page)
    await picture(page, "citizen-receipt")
    await page.reload()
    await expect(receipt(page, appointment)).to_be_visible()
    await expect(receipt(page, incident)).to_have_count(2)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = receipt(page, appointment).get_by_test_id("copy-number")
    await tab_to(page, button, "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(receipt(page, appointment).get_by_role("status")).to_have_text("Numéro copié.")
    assert await copied(page) == appointment


async def test_a_number_is_copied_where_the_clipboard_is_closed(new_page: NewPage, product: Product) -> None:
    """As in a frame of another site, which may not use it."""
    page = await new_page()
    await want_a_person(page)
    number = await submit(product, "appointment", await conversation_id(page), **APPOINTMENT)
    await page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new DOMException('closed', 'NotAllowedError')); }")
    button = receipt(page, number).get_by_test_id("copy-number")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(receipt(page, number).get_by_role("status")).to_have_text("Numéro copié.")
    await expect(button).to_be_focused()
    await page.context.grant_permissions(["clipboard-read"])
    assert await copied(page) == number


@SIZES
async def test_a_console_shows_what_is_submitted_while_it_is_open(new_page: NewPage, product: Product, width: int, height: int) -> None:
    citizen = await new_page()
    await want_a_person(citizen)
    conversation = await conversation_id(citizen)
    page = await new_page("/agent/", width=width, height=height)
    await sign_in(page)
    await claim(page, conversation)
    await expect(page.get_by_test_id("submissions")).to_have_count(0)
    number = await submit(product, "incident", conversation, **INCIDENT)
    shown = panel(page, number)
    await expect(shown.get_by_role("heading")).to_have_text(f"Main courante {number}")
    await expect(shown).to_contain_text("Déclaration à vérifier par un agent, ce n’est pas une plainte.")
    await expect(shown.get_by_role("link", name="01\u00a099\u00a000\u00a012\u00a034")).to_have_attribute("href", "tel:+33199001234")
    await expect(shown.get_by_role("link", name="camille@exemple.fr")).to_have_attribute("href", "mailto:camille@exemple.fr")
    appointment = await submit(product, "appointment", conversation, **APPOINTMENT)
    await expect(panel(page, appointment)).to_contain_text("jeudi 26 novembre 2026 de 8\u00a0h\u00a000 à 12\u00a0h\u00a000")
    await submit(product, "incident", conversation, **INCIDENT | {"what": "Ce n’était pas une camionnette"}, corrects=number)
    await expect(shown.get_by_role("heading")).to_have_text(f"Main courante {number} (version\u00a02)")
    await expect(shown).to_contain_text("Ce n’était pas une camionnette")
    await check_access(page)
    await check_width(page)
    await picture(page, "agent-submissions")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = shown.get_by_test_id("copy-all")
    await tab_to(page, button, "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(shown.get_by_test_id("copied")).to_have_text("Fiche copiée.")
    assert f"Main courante {number} (version\u00a02)\n" in await copied(page)
    await page.reload()
    await expect(page.get_by_test_id("desk")).to_be_visible()
    await page.get_by_test_id("open-mine").click()
    await expect(panel(page, number)).to_contain_text("Ce n’était pas une camionnette")
    await expect(panel(page, appointment).get_by_role("definition").first).to_be_hidden()  # folded: every title is in sight
    await panel(page, appointment).get_by_role("heading").click()
    await expect(panel(page, appointment).get_by_role("definition").first).to_be_visible()
    await finish(page)


async def test_the_queue_names_the_reason_in_french(new_page: NewPage, product: Product) -> None:
    citizen = await new_page()
    await want_a_person(citizen)
    conversation = await conversation_id(citizen)
    await citizen.get_by_test_id("back-to-assistant").click()
    await expect(citizen.get_by_test_id("ask-person")).to_be_visible()
    page = await new_page("/agent/")
    await sign_in(page)
    await submit(product, "appointment", conversation, **APPOINTMENT)
    await expect(item(page, conversation)).to_contain_text("Rendez-vous")
    await expect(citizen.get_by_test_id("queue-place")).to_be_visible()
