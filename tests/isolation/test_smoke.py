from django.db import connection

from tests.world import World


def test_the_suite_runs_as_the_app_role(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("engram_app",)


def test_recall(world: World) -> None:
    answer = world.client("acme_s1").post("/api/v1/spaces/acme_s1/recall/", {"query": "first"}, format="json")
    assert answer.status_code == 200, answer.content
    assert [hit["memory"]["id"] for hit in answer.json()["results"]] == [world.memories["acme_s1"]]
