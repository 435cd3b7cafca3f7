"""No change makes a pass of EM take more instructions without being noticed.

Time is no measure for a test, but a lost vectorisation, registers that spill or a loop run twice
show in the number of instructions, which is the same in every run.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

import instructions
from instructions import BUDGETS, CASES, Case

# Counts repeat to better than a thousandth. Another compiler arranges the same arithmetic in its
# own way, which is no loss; what the guard is for costs half as much again, or more.
MARGIN = 0.03
MARGIN_OF_OTHER_COMPILERS = 0.25


@pytest.fixture(scope="module")
def golden() -> Any:
    return json.loads(BUDGETS.read_text())


@pytest.fixture(scope="module")
def counts() -> dict[str, float]:
    reason = instructions.obstacle()
    if reason is not None:
        pytest.skip(reason)
    return instructions.count()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pass_stays_within_its_budget(case: Case, counts: dict[str, float], golden: Any) -> None:
    count, budget, theory = counts[case.name], golden["budgets"][case.name], case.multiply_adds
    same = instructions.compiler() == golden["compiler"]
    margin = MARGIN if same else MARGIN_OF_OTHER_COMPILERS
    told = (
        f"{case.name}: {count:.2f} instructions per row and component, {count / theory:.2f} times "
        f"the {theory:g} vector multiply-adds of theory; the budget is {budget} "
        f"({golden['compiler']}; this is {instructions.compiler()}) and {margin:.0%} above it"
    )
    print(told)
    assert theory < count, f"{told}: too few to be true"
    assert count <= (1 + margin) * budget, (
        f"{told}. If that has a good reason, renew: python tests/instructions.py"
    )
    assert not same or count >= (1 - MARGIN) * budget, (
        f"{told}. Better than the budget: keep it by renewing, python tests/instructions.py"
    )
