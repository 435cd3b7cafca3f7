"""What fits and searches say, in the words of the command line: options in place of arguments."""

from __future__ import annotations

import re

# All but --criterion: that name is a word, too, and parsing refuses what is wrong about it.
_OPTIONS = {
    "n_components": "--components",
    "covariance_type": "--covariance",
    "covariance_types": "--structures",
    "n_factors": "--factors",
    "reg_covar": "--reg-covar",
    "n_init": "--n-init",
    "init_params": "--init",
    "tol": "--tol",
    "max_iter": "--max-iter",
    "max_seconds": "--max-seconds",
    "random_state": "--seed",
    "n_threads": "--threads",
    "sample_weight": "--weights",
    "sample_size": "--sample-size",
    "n_folds": "--folds",
}
# No part of a longer word, and no name in quotes or of a file: that is the user's own.
_ARGUMENT = re.compile(rf"(?<![\w'\"./\\-])({'|'.join(_OPTIONS)})(?!['\"\w/\\-]|\.\w)")
_VALUE_IN_QUOTES = re.compile(r"(--[a-z-]+=)'(\w+)'")
# What only Python can do is not worth knowing here.
_PHRASES = {
    ", or carry on from here with fit(..., start=result)": "",
    " result.start_agreement(X) tells how far they group the rows alike.": "",
    ", or leave it at None, which stops by that prediction": ", or leave it out",
    "a simpler covariance_type or a prior": "a simpler covariance_type",
    "must be None or": "must be",
    "must be None (no limit) or": "must be",
    "; None is the default and adapts": "; left out, it adapts",
    "; see result.mixture": "",
    "(n_samples = ": "(",
    " None uses all that the process may.": "",
    "; .spurious says why": "",
    "; .failures says why": "",
}
_NOTES = ("! ", "* ", "- ", "... and ")


def in_options(message: str) -> str:
    """Put a message about arguments in terms of the options that set them."""
    for phrase, instead in _PHRASES.items():
        message = message.replace(phrase, instead)
    named = _ARGUMENT.sub(lambda found: _OPTIONS[found[1]], message)
    return _VALUE_IN_QUOTES.sub(r"\1\2", named)


def notes_in_options(summary: str) -> str:
    """Do so in the notes of a summary alone: its tables hold names of columns."""
    lines = summary.split("\n")
    return "\n".join(in_options(line) if line.startswith(_NOTES) else line for line in lines)
