"""PyTorch: EM as one would write it there, batched over the components, in blocks of rows."""

from __future__ import annotations

import importlib.util
import math
from typing import Any

from benchmarks.adapters.base import ALL_TYPES, RIDGE, Fit, Stopwatch
from benchmarks.problems import Array, Parameters

_BLOCK_MIB = 64  # of the largest array, rows x components x columns


class TorchAdapter:
    """Plain tensor operations on the CPU, eager."""

    name = "PyTorch"
    covariance_types = ALL_TYPES
    note = "not a library's EM but one written for this benchmark, without a closing E-step"

    def available(self) -> bool:
        return importlib.util.find_spec("torch") is not None

    def version(self) -> str:
        import torch

        return str(torch.__version__)

    def fit(
        self, X: Array, start: Parameters, covariance_type: str, n_iter: int, n_threads: int
    ) -> Fit:
        import torch

        torch.set_num_threads(n_threads)
        data = torch.from_numpy(X)
        parts = (start.weights, start.means, start.covariances)
        weights, means, covariances = (torch.from_numpy(part.copy()) for part in parts)
        with torch.inference_mode(), Stopwatch() as watch:
            for _ in range(n_iter):
                resp = _responsibilities(data, weights, means, covariances, covariance_type)
                counts = resp.sum(0)
                weights, means = counts / len(X), resp.T @ data / counts[:, None]
                covariances = _covariances(data, resp, counts, means, covariance_type)
        mixture = Parameters(weights.numpy(), means.numpy(), covariances.numpy())
        return Fit(watch.seconds, watch.cpu_seconds, mixture)


def _blocks(n_components: int, n_features: int) -> int:
    """Rows whose deviations from all means fit into a block."""
    return max(1, _BLOCK_MIB * 2**20 // (8 * n_components * n_features))


def _responsibilities(data: Any, weights: Any, means: Any, covariances: Any, kind: str) -> Any:
    import torch

    K, D = means.shape
    if kind in ("full", "tied"):
        factor = torch.linalg.cholesky(covariances)
        eye = torch.eye(D, dtype=data.dtype)
        whiten = torch.linalg.solve_triangular(factor, eye, upper=False).mT.expand(K, D, D)
        half_log_det = factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    else:
        scale = covariances.sqrt().reshape(K, 1, -1)
        half_log_det = scale.expand(K, 1, D).log().sum((1, 2))
    constant = weights.log() - half_log_det - D / 2 * math.log(2 * math.pi)
    logits = []
    for rows in data.split(_blocks(K, D)):
        deviation = rows - means[:, None]
        z = deviation @ whiten if kind in ("full", "tied") else deviation / scale
        logits.append(constant - z.square().sum(-1).T / 2)
    return torch.softmax(torch.cat(logits), dim=1)


def _covariances(data: Any, resp: Any, counts: Any, means: Any, kind: str) -> Any:
    import torch

    K, D = means.shape
    if kind == "tied":
        scatter = data.T @ data - (counts[:, None] * means).T @ means
        return scatter / len(data) + RIDGE * torch.eye(D, dtype=data.dtype)
    sums: Any = 0
    size = _blocks(K, D)
    for rows, shares in zip(data.split(size), resp.split(size), strict=True):
        deviation = rows - means[:, None]
        weighted = deviation * shares.T[:, :, None]
        sums = sums + (weighted.mT @ deviation if kind == "full" else (weighted * deviation).sum(1))
    if kind == "full":
        return sums / counts[:, None, None] + RIDGE * torch.eye(D, dtype=data.dtype)
    variances = sums / counts[:, None] + RIDGE
    return variances if kind == "diag" else variances.mean(1)
