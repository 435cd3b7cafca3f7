"""How to get the same search again."""

from __future__ import annotations

from gaussmix.selection_result import SelectionResult


def as_python(selection: SelectionResult) -> str:
    """Return the call of `gaussmix.select`, as far as its result knows the arguments."""
    return (
        "import gaussmix as gx\n\n"
        "selection = gx.select(\n"
        "    X,\n"
        f"    {list(selection.n_components)},\n"
        f"    {list(selection.covariance_types)},\n"
        f"    criterion={selection.criterion_name!r},\n"
        f"    sample_size={selection.sample_size!r},\n"
        "    random_state=...,  # and the other arguments, as they were\n"
        ")"
    )
