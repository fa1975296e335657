"""Several things worked on at once."""

from threading import Barrier, Event, Thread, get_ident

import pytest
from django.conf import LazySettings
from django.db import connection

from memory.side_by_side import side_by_side

PATIENCE = 20.0


def test_two_are_worked_on_at_once_and_the_results_keep_their_order(database: None) -> None:
    together = Barrier(2)

    def meet(number: int) -> int:
        together.wait(PATIENCE)
        return number * 10

    assert side_by_side(meet, [1, 2, 3, 4]) == [10, 20, 30, 40]


def test_a_helper_has_a_connection_of_its_own(database: None) -> None:
    together = Barrier(2)

    def session(_: int) -> int:
        together.wait(PATIENCE)
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            (pid,) = cursor.fetchone()
        return int(pid)

    one, other = side_by_side(session, [1, 2])
    assert one != other


def test_one_thread_does_it_all_where_there_are_no_helpers(database: None, settings: LazySettings) -> None:
    settings.HELPERS = 0
    assert side_by_side(lambda _: get_ident(), [1, 2, 3]) == [get_ident()] * 3


def test_helpers_that_are_busy_are_not_waited_for(database: None) -> None:
    busy, go_on = Barrier(3), Event()

    def stay(_: int) -> None:
        busy.wait(PATIENCE)
        go_on.wait(PATIENCE)

    other = Thread(target=side_by_side, args=(stay, [1, 2]))
    other.start()
    busy.wait(PATIENCE)
    assert side_by_side(lambda _: get_ident(), [1, 2, 3]) == [get_ident()] * 3
    go_on.set()
    other.join()


@pytest.mark.parametrize("wrong", [0, 1])
def test_what_goes_wrong_is_raised_whoever_met_it(database: None, wrong: int) -> None:
    together = Barrier(2)

    def fail(number: int) -> None:
        together.wait(PATIENCE)
        if number == wrong:
            raise ValueError(f"number {number}")

    with pytest.raises(ValueError, match=f"number {wrong}"):
        side_by_side(fail, [0, 1])


def test_what_nobody_has_begun_is_left_when_something_goes_wrong(database: None, settings: LazySettings) -> None:
    settings.HELPERS = 0
    begun: list[int] = []

    def fail(number: int) -> None:
        begun.append(number)
        raise ValueError(f"number {number}")

    with pytest.raises(ValueError, match="number 1"):
        side_by_side(fail, [1, 2, 3])
    assert begun == [1]
