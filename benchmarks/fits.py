"""The suite of whole fits: gaussmix and scikit-learn as their users call them, with defaults."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any

from benchmarks import machine
from benchmarks.adapters import ADAPTERS
from benchmarks.table import OURS, FitRow

PEER = "scikit-learn"


@dataclass(frozen=True)
class Task:
    """A task of `fit_tasks` at a size, with what is asked for by name of the quantity."""

    name: str
    size: tuple[int, int, int]
    ratio: dict[str, float] = field(default_factory=dict)  # over scikit-learn, at least
    limit: dict[str, float] = field(default_factory=dict)  # of ours, at most

    @property
    def case(self) -> str:
        n, D, K = self.size
        return f"{self.name} {n}x{D}-k{K}"


UNTIL = "until scikit-learn's likelihood"
INIT_SHARE = "initialisation, in EM iterations"
TASKS = (
    Task("whole", (1_000_000, 2, 5), {UNTIL: 30}, {INIT_SHARE: 5}),
    Task("whole", (1_000_000, 8, 16), {UNTIL: 30}, {INIT_SHARE: 5}),
    Task("whole", (200_000, 32, 16), {UNTIL: 15}, {INIT_SHARE: 5}),
    Task("scoring", (1_000_000, 16, 32), {"score_samples": 15, "predict_proba": 15}),
    Task(
        "small",
        (500, 2, 3),
        limit={
            "whole call of the fit": 400e-6,
            "engine: start and EM": 150e-6,
            "predict of one row": 15e-6,
        },
    ),
    Task("many", (500, 2, 3), {"fit_many": 100}),
)


def run(
    libraries: list[str], threads: int | None, repeats: int, words: list[str] | None
) -> Iterator[list[FitRow]]:
    """The rows of each task, in turn."""
    count = threads or machine.usable_cores()
    wanted = [name for name in (PEER, OURS) if name in libraries and ADAPTERS[name].available()]
    for task in TASKS:
        if words and not any(word in task.case for word in words):
            continue
        print(f"{task.case} ...", file=sys.stderr, flush=True)
        replies = {name: _measure(task, name, count, repeats) for name in wanted}
        make = _whole_rows if task.name == "whole" else _plain_rows
        yield make(task, replies, str(count))


def _measure(task: Task, library: str, threads: int, repeats: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.fit_tasks", task.name, library]
    command += map(str, (threads, repeats, *task.size))
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    reply: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return reply


def _row(
    task: Task, quantity: str, package: str, version: str, threads: str, values: list[float]
) -> dict[str, Any]:
    return {
        "date": date.today().isoformat(),
        **machine.describe(),
        "case": task.case,
        "quantity": quantity,
        "package": package,
        "version": version,
        "threads": threads,
        "unit": "s",
        "median": median(values),
        "minimum": min(values),
        "repeats": len(values),
    }


def _asked(task: Task, quantity: str) -> dict[str, str]:
    """What is asked of our row."""
    ratio, limit = task.ratio.get(quantity), task.limit.get(quantity)
    return {
        "asked_ratio": "" if ratio is None else f"{ratio:g}",
        "asked_limit": "" if limit is None else f"{limit:g}",
    }


def _plain_rows(task: Task, replies: dict[str, Any], threads: str) -> list[FitRow]:
    """One row per library and quantity; ours are compared with scikit-learn's of the same name.

    `fit_many` is compared with a loop, as scikit-learn has nothing else.
    """
    theirs = {one["quantity"]: one for one in replies.get(PEER, {"found": []})["found"]}
    rows = []
    for package, reply in replies.items():
        for one in reply["found"]:
            quantity = one["quantity"]
            row = _row(task, quantity, package, reply["version"], threads, one["seconds"])
            row["peak_mib"] = one.get("peak_mib", math.nan)
            if package == OURS:
                row |= _asked(task, quantity)
                peer = theirs.get("a loop of fits" if quantity == "fit_many" else quantity)
                if peer is not None:
                    row["times_slower"] = median(peer["seconds"]) / row["median"]
                    row["note"] = _difference(one, peer)
            rows.append(FitRow(**row))
    return rows


def _difference(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    if "check" not in ours:
        return ""
    relative = abs(ours["check"] - theirs["check"]) / abs(theirs["check"])
    return f"mean square of the output differs by {relative:.0e} of itself"


# --- whole fits ---


def _whole_rows(task: Task, replies: dict[str, Any], threads: str) -> list[FitRow]:
    rows = []
    peers = replies.get(PEER, {"found": []})["found"]
    if peers:
        seconds = [one["seconds"] for one in peers]
        row = _row(task, "whole fit", PEER, replies[PEER]["version"], threads, seconds)
        rows.append(FitRow(**row, note=f"iterations: {_each(peers, 'n_iter')}"))
    if OURS in replies:
        rows += _our_rows(task, replies[OURS], peers, threads)
    return rows


def _our_rows(
    task: Task, reply: dict[str, Any], peers: list[dict[str, Any]], threads: str
) -> list[FitRow]:
    ours, n = reply["found"], task.size[0]
    pass_seconds = [one["em"] / max(1, one["n_iter"]) for one in ours]
    values = {
        "initialisation": [one["init"] for one in ours],
        INIT_SHARE: [one["init"] / p for one, p in zip(ours, pass_seconds, strict=True)],
        "to its own stop": [one["seconds"] for one in ours],
    }
    notes = {"to its own stop": f"passes: {_each(ours, 'n_iter')}"}
    if peers:
        pairs = list(zip(ours, peers, strict=True))
        until = [seconds_until(one, peer["log_likelihood"]) for one, peer in pairs]
        gains = [(one["log_likelihood"] - peer["log_likelihood"]) / n for one, peer in pairs]
        values = {UNTIL: until, **values}
        notes[UNTIL] = f"reached with {sum(map(math.isfinite, until))} of {len(until)} seeds"
        notes["to its own stop"] += f"; gain per row over scikit-learn: {_gains(gains)}"
    rows = []
    for quantity, numbers in values.items():
        row = _row(task, quantity, OURS, reply["version"], threads, numbers)
        row |= _asked(task, quantity) | {"note": notes.get(quantity, "")}
        row["unit"] = "" if quantity == INIT_SHARE else "s"
        if quantity == UNTIL:
            theirs = [peer["seconds"] for peer in peers]
            row["times_slower"] = median(a / b for a, b in zip(theirs, until, strict=True))
        rows.append(FitRow(**row))
    return rows


def seconds_until(fit: dict[str, Any], log_likelihood: float) -> float:
    """When a fit of ours knew parameters of this likelihood: its start included; inf if never.

    The trace holds the likelihood before each pass, known after that pass. Where accelerated
    steps were undone, which the trace leaves out, they are all taken to have come before.
    """
    reached = (i for i, value in enumerate(fit["trace"]) if value >= log_likelihood)
    first = next(reached, None)
    if first is None:
        return float(fit["seconds"]) if fit["log_likelihood"] >= log_likelihood else math.inf
    share = min(1.0, (first + 1 + fit["rejected"]) / fit["n_iter"])
    return float(fit["seconds"] - fit["em"] * (1.0 - share))


def _each(found: list[dict[str, Any]], key: str) -> str:
    return ", ".join(str(one[key]) for one in found)


def _gains(gains: list[float]) -> str:
    return ", ".join(f"{gain:+.1e}" for gain in gains)
