"""What scikit-learn asks of an estimator, spoken without importing scikit-learn.

Pipelines, grid searches and ``clone`` call a handful of methods by name; nothing obliges an
estimator to inherit them. The few that answer in scikit-learn's own classes (tags, metadata
requests) are only ever called by scikit-learn, so they import it when called.
"""

from __future__ import annotations

import copy
import inspect
import sys
from importlib import import_module
from typing import Any, Self

import numpy as np

from gaussmix.exceptions import GaussmixError

_REPR_ARRAY_SIZE = 12  # larger arrays are named by their shape
_METHODS_WITH_WEIGHTS = ("fit", "score")


class SklearnProtocol:
    """Parameters, tags, metadata requests and repr, read off the signature of ``__init__``."""

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return sorted(_constructor_parameters(cls))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name.

        Parameters
        ----------
        deep : bool, default=True
            Kept for scikit-learn; no argument of this estimator is itself an estimator.

        Returns
        -------
        dict of str to object
        """
        return {name: getattr(self, name) for name in self._get_param_names()}

    def set_params(self, **params: Any) -> Self:
        """Set constructor arguments by name; their values are checked by the next ``fit``.

        Returns
        -------
        self

        Raises
        ------
        GaussmixError
            For a name the constructor does not have. Nothing is set then.
        """
        valid = self._get_param_names()
        unknown = [name for name in params if name not in valid]
        if unknown:
            # Of a nested name, the part that is wrong: nothing here has parameters of its own.
            outer = unknown[0].partition("__")[0]
            wrong = unknown[0] if outer in valid else outer
            raise GaussmixError(
                f"Invalid parameter {wrong!r} for estimator {self}. "
                f"Valid parameters are: {valid!r}."
            )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = _constructor_parameters(type(self))
        given = {name: getattr(self, name) for name in defaults}
        shown = (
            f"{name}={_short_repr(value)}"
            for name, value in given.items()
            if not _is_default(value, defaults[name].default)
        )
        return f"{type(self).__name__}({', '.join(shown)})"

    def __sklearn_tags__(self) -> Any:
        utils = import_module("sklearn.utils")
        return utils.Tags(
            estimator_type="density_estimator",
            target_tags=utils.TargetTags(required=False),
            input_tags=utils.InputTags(),
        )

    def get_metadata_routing(self) -> Any:
        """Return scikit-learn's ``MetadataRequest``: which methods want ``sample_weight``."""
        chosen = getattr(self, "_metadata_request", None)
        if chosen is not None:
            return copy.deepcopy(chosen)
        routing = import_module("sklearn.utils.metadata_routing")
        request = routing.MetadataRequest(owner=type(self).__name__)
        for method in _METHODS_WITH_WEIGHTS:
            getattr(request, method).add_request(param="sample_weight", alias=None)
        return request

    def set_fit_request(self, *, sample_weight: bool | str | None) -> Self:
        """Say whether meta-estimators of scikit-learn pass ``sample_weight`` on to ``fit``.

        Parameters
        ----------
        sample_weight : bool, str or None
            True: pass it on; False: do not; None: raise if it is given; a str: the name under
            which the meta-estimator receives it.

        Returns
        -------
        self
        """
        return self._set_request("fit", sample_weight)

    def set_score_request(self, *, sample_weight: bool | str | None) -> Self:
        """Say whether meta-estimators of scikit-learn pass ``sample_weight`` on to ``score``.

        Parameters and return value as in `set_fit_request`.
        """
        return self._set_request("score", sample_weight)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show a notebook what scikit-learn shows of its own estimators, where that is loaded."""
        shown = {"text/plain": repr(self)}
        diagram = getattr(sys.modules.get("sklearn.utils"), "estimator_html_repr", None)
        if diagram is not None:
            shown["text/html"] = diagram(self)
        return shown

    def _set_request(self, method: str, sample_weight: bool | str | None) -> Self:
        request = self.get_metadata_routing()
        getattr(request, method).add_request(param="sample_weight", alias=sample_weight)
        self._metadata_request = request
        return self


def _constructor_parameters(cls: type) -> dict[str, inspect.Parameter]:
    parameters = dict(inspect.signature(cls).parameters)
    return {name: p for name, p in parameters.items() if p.kind is not p.VAR_KEYWORD}


def _is_default(value: object, default: object) -> bool:
    return value is default or (type(value) is type(default) and repr(value) == repr(default))


def _short_repr(value: object) -> str:
    if isinstance(value, np.ndarray) and value.size > _REPR_ARRAY_SIZE:
        return f"<array of shape {value.shape}>"
    return " ".join(repr(value).split())
