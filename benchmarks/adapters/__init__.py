"""One small file per library: how it is told to run a given number of EM iterations."""

from __future__ import annotations

from benchmarks.adapters.base import Adapter, Fit
from benchmarks.adapters.gaussmix_adapter import GaussmixAdapter
from benchmarks.adapters.sklearn_adapter import SklearnAdapter

ADAPTERS: dict[str, Adapter] = {
    adapter.name: adapter for adapter in (GaussmixAdapter(), SklearnAdapter())
}

__all__ = ["ADAPTERS", "Adapter", "Fit"]
