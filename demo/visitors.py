"""The browsers and phones in front of the shop: a steady, always equal mix of visits.

Not instrumented, so that the services they reach are the roots of the traces.
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

STRIDE = 13  # shares no divisor with the number of visits, so that kinds come well mixed
VISIT_LIMIT_S = 30


@dataclass(frozen=True)
class Visit:
    """One request, and the status that the shop owes for it."""

    status: int
    method: str
    path: str
    user: str = "ada"
    agent: str = "Mozilla/5.0"
    body: dict[str, object] = field(default_factory=dict)
    to_users: bool = False

    @property
    def tenant(self) -> str:
        """Whose shop the visitor sees."""
        return "south" if self.user in {"edsger", "barbara"} else "north"


def home(user: str) -> Visit:
    """The front page with what its visitor may like."""
    return Visit(200, "GET", "/", user=user)


def order(status: int, user: str, sku: str, quantity: int, card: str) -> Visit:
    """An order paid with the test card that ends in `card`."""
    body = {"sku": sku, "quantity": quantity, "card": f"400000000000{card}"}
    return Visit(status, "POST", "/checkout", user=user, body=body)


def sign_in(status: int, user: str, password: str) -> Visit:
    """A phone that signs in, past the storefront."""
    body: dict[str, object] = {"user": user, "password": password}
    return Visit(status, "POST", "/sign-in", user=user, body=body, to_users=True)


VISITS = (
    *(home(user) for user in ("ada", "grace", "edsger", "barbara") for _ in range(2)),
    home("alan"),  # slow: recommendations scores a customer it has not cached
    home("mallory"),  # recommendations fails, and the page comes without them
    *(
        Visit(200, "GET", f"/products/{sku}", user=user)
        for sku, user in (
            ("kettle", "ada"),
            ("teapot", "grace"),
            ("mug", "edsger"),
            ("spoon", "barbara"),
            ("samovar", "ada"),
            ("kettle", "edsger"),
            ("mug", "grace"),
            ("tray", "barbara"),  # S3 has no picture of it
        )
    ),
    Visit(404, "GET", "/products/unicorn"),
    Visit(200, "GET", "/search?q=kettle", user="grace"),
    Visit(200, "GET", "/search?q=mug", user="edsger"),
    Visit(200, "GET", "/search?q=tea", user="ada"),
    Visit(200, "GET", "/search?q=t", user="barbara"),  # slow: so short a word matches too much
    Visit(429, "GET", "/search?q=all", agent="ShelfBot/1.0"),  # throttled by the storefront
    order(201, "ada", "kettle", 1, "4242"),
    order(201, "grace", "teapot", 2, "4242"),
    order(201, "edsger", "mug", 6, "4242"),
    order(201, "barbara", "spoon", 3, "4242"),
    order(201, "ada", "mug", 1, "4242"),
    order(201, "grace", "spoon", 2, "0341"),  # slow: the bank thinks
    order(402, "edsger", "kettle", 1, "0002"),  # declined
    order(429, "barbara", "mug", 1, "0259"),  # throttled by the bank
    order(500, "ada", "teapot", 1, "0119"),  # the bank is closed: payments and checkout fail
    order(409, "grace", "samovar", 1, "4242"),  # sold out
    Visit(200, "GET", "/orders/order-0000", user="grace"),
    Visit(404, "GET", "/orders/order-9999", user="edsger"),
    sign_in(200, "ada", "ada"),
    sign_in(200, "grace", "ecarg"),
    sign_in(401, "mallory", "guess"),
    Visit(200, "GET", "/products/spoon", user="grace"),
)


class Visitors:
    """Sends visits and counts the answers."""

    def __init__(self, storefront: str, users: str) -> None:
        self._storefront = storefront
        self._users = users
        self._answers: Counter[str] = Counter()
        self._surprises: Counter[str] = Counter()

    async def come(self, rate: float, seconds: float | None) -> dict[str, object]:
        """Start `rate` visits a second for `seconds`, or for ever; then what was answered."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(VISIT_LIMIT_S)) as session,
            asyncio.TaskGroup() as group,
        ):
            start = time.monotonic()
            number = 0
            while seconds is None or number < rate * seconds:
                await asyncio.sleep(start + number / rate - time.monotonic())
                group.create_task(self._visit(session, VISITS[number * STRIDE % len(VISITS)]))
                number += 1
        return {
            "visits": number,
            "answers": dict(sorted(self._answers.items())),
            "unexpected": dict(sorted(self._surprises.items())),
        }

    async def _visit(self, session: aiohttp.ClientSession, visit: Visit) -> None:
        base = self._users if visit.to_users else self._storefront
        headers = {
            "User-Agent": visit.agent,
            "X-Shop-User": visit.user,
            "X-Shop-Tenant": visit.tenant,
            "X-Forwarded-For": f"203.0.113.{len(visit.user)}",
        }
        body = visit.body
        if body and not visit.to_users:
            body = {"user": visit.user, "tenant": visit.tenant, **body}
        try:
            async with session.request(
                visit.method, base + visit.path, headers=headers, json=body or None
            ) as answer:
                await answer.read()
                came = str(answer.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            came = type(error).__name__
        self._answers[came] += 1
        if came != str(visit.status):
            self._surprises[f"{visit.method} {visit.path} gave {came}, not {visit.status}"] += 1


def main() -> None:
    """Read the arguments, visit, print the count as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--storefront", required=True, help="URL of the storefront")
    parser.add_argument("--users", required=True, help="URL of the users service")
    parser.add_argument("--rate", type=float, required=True, help="visits a second")
    parser.add_argument("--seconds", type=float, help="stop after this time; default: never")
    options = parser.parse_args()
    visitors = Visitors(options.storefront, options.users)
    print(json.dumps(asyncio.run(visitors.come(options.rate, options.seconds))), flush=True)


if __name__ == "__main__":
    main()
