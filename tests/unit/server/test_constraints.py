"""Every constraint of the service model: what breaks it is refused, what keeps to it is not."""

import pytest

from service_model import PATHS, body, cases, place

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_beyond_a_constraint(server, case):
    """InvalidRequestException, as the model has it."""
    answer = server.call(PATHS[case.operation], body(case, case.beyond))
    assert (answer.status_code, answer.headers.get("x-amzn-ErrorType")) == (
        400,
        "InvalidRequestException",
    ), answer.text


@pytest.mark.parametrize("case", [case for case in CASES if case.edge is not None], ids=str)
def test_at_the_edge_of_a_constraint(server, case):
    """Not refused for this member's sake."""
    answer = server.call(PATHS[case.operation], body(case, case.edge))
    assert f"Value at '{place(case)}'" not in answer.text
    assert answer.status_code < 500
