"""A tenant's application in Python, with httpx: middleware that signs in for the tenant and heeds the rate limit.

Run it with ``examples/multi_tenant/run python`` beside ``./engram up``.
"""

import os
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import httpx

API = os.environ["ENGRAM_URL"] + "/api/v1/"
SPACE, SHARED, FOREIGN = "globex_example_python", "common_knowledge", "acme_support"


class TenantAuth(httpx.Auth):
    """Middleware: exchanges a tenant's credentials for a token, sends it along, and refreshes it when it has run out."""

    requires_response_body = True

    def __init__(self, **credentials: object) -> None:
        self.credentials = credentials
        self.access = self.refresh = ""
        self.asking = Lock()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        yield from self.replace("")
        used = self.access
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code == 401:
            yield from self.replace(used)
            request.headers["Authorization"] = f"Bearer {self.access}"
            yield request

    def replace(self, used: str) -> Generator[httpx.Request, httpx.Response, None]:
        """Of the threads that find the same token of no use, the first gets the next: a refresh token works once."""
        with self.asking:
            if self.access == used:
                path, body = (
                    ("auth/token/refresh/", {"refresh": self.refresh}) if used else ("auth/token/", self.credentials)
                )
                answer = yield httpx.Request("POST", API + path, json=body)
                pair = answer.raise_for_status().json()
                self.access, self.refresh = pair["access"], pair["refresh"]


class PatientClient(httpx.Client):
    """Waits for as long as a 429 says, and asks again, with the token that is good by then."""

    waited = 0

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        while (response := super().send(request, **options)).status_code == 429:
            self.waited += 1
            time.sleep(float(response.headers["Retry-After"]))
        return response


def use(client: PatientClient) -> None:
    whoami = client.get("auth/whoami/").raise_for_status().json()
    print(f"A token for {whoami['tenant']}: {', '.join(sorted(whoami['spaces']))}")

    for content in ("The importer closes its files with a context manager.", "It has not leaked a file since."):
        client.post(f"spaces/{SPACE}/memories/", json={"content": content, "session": "standup"}).raise_for_status()
    print(f"Remembered 2 memories in {SPACE}")

    cue = {"query": "context manager and the with statement", "spaces": [SPACE, SHARED], "limit": 20}
    hits = client.post("recall/", json=cue).raise_for_status().json()["results"]
    print(f"Recalled from {', '.join(sorted({hit['space'] for hit in hits}))}")

    refusal = client.post(f"spaces/{FOREIGN}/recall/", json={"query": "secrets"})
    print(f"Refused at {FOREIGN}: {refusal.status_code} {refusal.json()['errors'][0]['code']}")

    with ThreadPoolExecutor(40) as pool:
        pages = list(pool.map(lambda _: client.get(f"spaces/{SPACE}/memories/", params={"limit": 1}), range(120)))
    done = sum(page.status_code == 200 for page in pages)
    print(f"{done} calls at once done, {'some' if client.waited else 'none'} of them told to wait")

    used = client.get(f"spaces/{SPACE}/usage/").raise_for_status().json()["total"]
    print(f"Used: {used['memories']} of {used['capacity']} memories")


def main() -> None:
    login = {"username": os.environ["ENGRAM_USERNAME"], "password": os.environ["ENGRAM_PASSWORD"], "tenant": "globex"}
    with httpx.Client(base_url=API, auth=TenantAuth(**login), timeout=30) as admin:
        if admin.post("spaces/", json={"name": SPACE}).status_code not in {201, 409}:
            raise SystemExit("The space could not be made.")
    # A token names its spaces when it is made: the new one is in the next.
    with httpx.Client(base_url=API, auth=TenantAuth(**login), timeout=30) as admin:
        grants = {SPACE: ["read", "write"], SHARED: ["read"]}
        key = admin.post("keys/", json={"name": "python example", "spaces": grants}).raise_for_status().json()
        try:
            with PatientClient(base_url=API, auth=TenantAuth(api_key=key["api_key"]), timeout=30) as client:
                use(client)
        finally:
            admin.delete(f"keys/{key['id']}/").raise_for_status()


if __name__ == "__main__":
    main()
