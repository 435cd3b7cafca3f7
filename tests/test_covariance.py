"""The covariance structures: their names, shapes and numbers of parameters."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import gaussmix as gx
from gaussmix import _core
from gaussmix.covariance import (
    CovarianceType,
    compares_columns,
    covariance_shape,
    n_parameters,
    resolve_covariance_type,
    scatter_kind,
)
from structures import COMPARING

CODES = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}


def test_the_enumeration_is_the_registry_of_the_engine() -> None:
    registry = {one[0]: (one[1], one[3], one[4], one[6]) for one in _core.structures()}
    told = {
        m.value: (m.code, scatter_kind(m), m.one_for_all, compares_columns(m))
        for m in CovarianceType
    }
    assert told == registry
    assert {m.code for m in CovarianceType if compares_columns(m)} == {
        *("EII", "VII", "E", *COMPARING)
    }


@pytest.mark.parametrize(("word", "code"), CODES.items())
def test_words_and_codes_mean_the_same_in_any_case(word: str, code: str) -> None:
    member = CovarianceType(word)
    assert member.code == code
    for name in (word, word.upper(), code, code.lower(), member):
        assert resolve_covariance_type(name) is member
    assert member == word
    assert f"{member}" == word
    assert pickle.loads(pickle.dumps(member)) is member


@pytest.mark.parametrize("word", CODES)
def test_shapes_are_those_of_a_mixture(word: str) -> None:
    covariances = {
        "full": np.tile(np.eye(3), (2, 1, 1)),
        "tied": np.eye(3),
        "diag": np.ones((2, 3)),
        "spherical": np.ones(2),
    }[word]
    shape = covariance_shape(CovarianceType(word), 2, 3)
    assert shape == covariances.shape
    mixture = gx.Mixture([0.5, 0.5], np.zeros((2, 3)), covariances, word)
    assert mixture.precisions_cholesky.shape == mixture.precisions.shape == shape


def test_parameter_counts_as_published() -> None:
    """mclust's for d=2, G=3 and scikit-learn's for d=5, K=2."""
    codes = ("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE")
    codes += ("VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV")
    counts = [9, 11, 10, 12, 12, 14, 11, 13, 13, 15, 13, 15, 15, 17]
    assert [n_parameters(code, 3, 2) for code in codes] == counts
    counts = [n_parameters(word, 2, 5) for word in ("spherical", "diag", "tied", "full")]
    assert counts == [13, 21, 26, 41]
