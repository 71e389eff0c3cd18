from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from people import Agent, Citizen
from product import LEASE, Product, running_product


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product, as an operator starts it. A second of patience and short leases make the tests short."""
    directory = tmp_path_factory.mktemp("relais")
    with running_product(directory, RELAIS_ASSISTANT_PATIENCE="1", RELAIS_LEASE_SECONDS=str(LEASE)) as product:
        yield product


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=30, sock_connect=5)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


@pytest.fixture
async def citizen(product: Product, http: aiohttp.ClientSession) -> Citizen:
    product.wait_ready()
    return await Citizen.new(http, product)


@pytest.fixture
async def agent(product: Product, http: aiohttp.ClientSession) -> Agent:
    product.wait_ready()
    return await Agent(http, product).sign_in()
