"""Importing what is not always installed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from gaussmix.exceptions import MissingDependencyError


def optional_module(name: str, *, extra: str, purpose: str) -> ModuleType:
    """Import a module of an optional dependency.

    Parameters
    ----------
    name : str
        The module to import.
    extra : str
        The extra of gaussmix that installs it.
    purpose : str
        What it is wanted for: the sentence reads "`purpose` needs `name`".

    Raises
    ------
    MissingDependencyError
        It is not installed; the message holds the command that installs it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise MissingDependencyError(
            f"{purpose} needs {package}, which cannot be imported ({error}); "
            f'install it with: pip install "gaussmix[{extra}]"'
        ) from error
