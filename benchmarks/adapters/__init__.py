"""One small file per library: how it is told to run a given number of EM iterations."""

from __future__ import annotations

from benchmarks.adapters.armadillo_adapter import ArmadilloAdapter
from benchmarks.adapters.base import Adapter, Fit
from benchmarks.adapters.gaussmix_adapter import GaussmixAdapter
from benchmarks.adapters.onedal_adapter import OnedalAdapter
from benchmarks.adapters.opencv_adapter import OpencvAdapter
from benchmarks.adapters.sklearn_adapter import SklearnAdapter
from benchmarks.adapters.torch_adapter import TorchAdapter

_ALL: tuple[Adapter, ...] = (
    GaussmixAdapter(),
    GaussmixAdapter("float32"),
    SklearnAdapter(),
    OnedalAdapter(),
    ArmadilloAdapter(),
    OpencvAdapter(),
    TorchAdapter(),
)
ADAPTERS: dict[str, Adapter] = {adapter.name: adapter for adapter in _ALL}

__all__ = ["ADAPTERS", "Adapter", "Fit"]
