"""Which covariance structure, and how many components: a table of fits that can be trusted."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from gaussmix._initial import NO_START
from gaussmix._memory import check_memory_limit
from gaussmix._progress import ModelBar
from gaussmix._random import seed_from
from gaussmix._runtime import core
from gaussmix._search import Found, Search
from gaussmix._search_memory import check_memory_of_search
from gaussmix._selection_arguments import (
    as_found,
    check_counts_of_rows,
    check_folds,
    checked_counts,
    checked_resume,
    checked_structures,
    fingerprint_of,
)
from gaussmix._selection_criteria import CRITERIA, PENALISED, criterion_values
from gaussmix._selection_reasons import reasons_of_search
from gaussmix._settings import engine_settings, rows_per_weight
from gaussmix._typing import ArrayLike, RandomSource
from gaussmix._validation import (
    check_choice,
    check_integer,
    check_n_threads,
    check_sample_weight,
    check_switch,
    check_X,
    feature_names_of,
)
from gaussmix.covariance import (
    CovarianceType,
)
from gaussmix.exceptions import FitInterrupted
from gaussmix.selection_result import SelectionCell, SelectionResult

__all__ = ["select"]

_GAIN_LEFT = 0.01  # nats in total: cells are compared with one another


def select(
    X: ArrayLike,
    n_components: Iterable[int] | int = range(1, 10),
    covariance_types: Iterable[str | CovarianceType] | None = None,
    *,
    criterion: str = "bic",
    sample_weight: ArrayLike | None = None,
    sample_size: str = "weight",
    n_folds: int = 5,
    max_iter: int = 2000,
    random_state: RandomSource = None,
    n_threads: int | None = None,
    memory_limit: int | str | None = None,
    progress: bool = False,
    resume: SelectionResult | None = None,
) -> SelectionResult:
    r"""Choose the number of components and the covariance structure.

    Every model is fitted from one partition that all structures share (model-based hierarchical
    clustering), from the fits of the structures that it contains, and from the fit of its own
    structure with a component less, one of whose components is split. So no model ends with a
    lower likelihood than one that it contains. All share one bound on eigenvalues, 1e-8 times the
    smallest variance of a column, within the parameters of each structure. A fit at that bound, or
    one of whose covariances a few rows determine, is called spurious: a likelihood without a
    maximum has led there. Of a covariance common to all components rows are few that are hardly
    more than the means. Where another start ends elsewhere, that is kept. Columns in other units
    give the same table, unless structures are among those searched that compare columns (EII, VII,
    EVE, VVE, EEV, VEV).

    Parameters
    ----------
    X : array-like or frame of shape (n, D)
    n_components : iterable of int, default 1 to 9
    covariance_types : iterable of str, optional
        Structures by word or code, see `CovarianceType`. None: all fourteen; E and V for data of
        one column.
    criterion : str, default "bic"
        With L the likelihood, p the number of parameters, n the sample size and r the
        responsibilities; lower is better. BIC and ICL are mclust's with the opposite sign.

        =============== =======================================================================
        ``bic``         :math:`-2 \log L + p \log n` (Schwarz 1978)
        ``aic``         :math:`-2 \log L + 2 p` (Akaike 1974)
        ``aicc``        AIC :math:`+ 2 p (p + 1) / (n - p - 1)` (Hurvich & Tsai 1989)
        ``icl``         BIC :math:`- 2 \sum_i w_i \log \max_k r_{ik}` (Biernacki et al. 2000,
                        by the assignment, as in mclust)
        ``icl_entropy`` BIC :math:`- 2 \sum_i w_i \sum_k r_{ik} \log r_{ik}` (as in Rmixmod)
        ``nec``         entropy :math:`/ (\log L_K - \log L_1)`, 1 for K = 1 (Celeux & Soromenho
                        1996; Biernacki, Celeux & Govaert 1999)
        ``cv``          :math:`-2` times the log-likelihood of rows held out, over `n_folds` folds
                        (Smyth 2000): a search of its own for each, among the other rows alone
        =============== =======================================================================
    sample_weight : array-like of shape (n,), optional
        Frequency weights: a weight of 2 is the row twice, 0 the row absent.
    sample_size : {"weight", "effective"}, default "weight"
        What n is: the sum of the weights, at least a row for each component; or Kish's
        (sum w)^2 / (sum w^2) for weights that are importances or shares; sums over the rows are
        then for weights that add up to it. The rows of each component, few of which make it
        spurious, are counted in the same way.
    n_folds : int, default 5
        From 2 to the number of rows of positive weight. Only for "cv", which takes the time of so
        many searches more.
    max_iter : int, default 2000
        Passes of each fit.
    random_state : None, int, RandomState or Generator, optional
        Draws the rows that are agglomerated, of more than 2,000; the rows on which starts are
        compared, of more than 2,000 and 10 per column and component; and the folds.
    n_threads : int, optional
        None: what the process may use. Results are the same for any number.
    memory_limit : int or str, optional
        Most bytes that the search may hold beside the data, or text such as ``"2 GiB"``. It is
        refused before it begins if it could need more; None asks whether that much memory is
        available. Counted are the fits of all cells (those of `resume`, too), the common partitions
        and the cells in work at once, as if they were the largest, and once more what a fold adds:
        an upper bound.
    progress : bool, default False
        Show a bar of the models that are done, those of folds included, if the search takes longer
        than half a second. Needs tqdm: ``pip install "gaussmix[progress]"``.
    resume : SelectionResult, optional
        An earlier search of the same data: its cells are not fitted again, unless one that they
        contain turns out likelier. The result has the cells that are asked for and no others: to
        add to a table, ask for its structures and numbers along with the new. Criteria are computed
        anew. Data, names of columns, `sample_weight` and `max_iter` are compared, and others than
        those of the earlier search are refused. `random_state` and `sample_size` are not: pass the
        same as then, or cells come from other starts or, of weighted rows, other stops than theirs.

    Returns
    -------
    SelectionResult

    Raises
    ------
    GaussmixError
        An argument is unfit; nothing has been done then.
    GaussmixTypeError
        An argument has the wrong type.
    InsufficientMemoryError
        The search could need more memory than `memory_limit` or than there is; a ``MemoryError``.
    MissingDependencyError
        `progress` is True and tqdm is not installed.
    FitInterrupted
        Ctrl-C; its ``selection`` holds the cells that were done, by BIC, and can be resumed.

    References
    ----------
    .. [1] C. Fraley and A. E. Raftery, "Model-based clustering, discriminant analysis, and density
       estimation", J. Amer. Statist. Assoc. 97 (2002), 611-631.
    .. [2] G. Celeux and G. Govaert, "Gaussian parsimonious clustering models", Pattern
       Recognition 28 (1995), 781-793.
    .. [3] C. Biernacki, G. Celeux and G. Govaert, "Assessing a mixture model for clustering with
       the integrated completed likelihood", IEEE Trans. PAMI 22 (2000), 719-725.
    .. [4] G. Celeux and G. Soromenho, "An entropy criterion for assessing the number of clusters
       in a mixture model", J. Classification 13 (1996), 195-212.
    .. [5] P. Smyth, "Model selection for probabilistic clustering using cross-validated
       likelihood", Statistics and Computing 10 (2000), 63-72.

    Examples
    --------
    >>> import gaussmix as gx
    >>> from gaussmix.datasets import load_faithful
    >>> found = gx.select(load_faithful().data)
    >>> found
    SelectionResult(126 models, best by bic: EEE with 3 components)
    >>> sorted(found.best.mixture.weights.round(2).tolist())
    [0.17, 0.36, 0.48]
    """
    began = time.perf_counter()
    threads = check_n_threads(n_threads)
    workers = core.available_threads() if threads is None else threads
    show = check_switch(progress, "progress")
    counts = checked_counts(n_components)
    chosen = check_choice(criterion, "criterion", CRITERIA)
    size = check_choice(sample_size, "sample_size", ("weight", "effective"))
    folds = check_integer(n_folds, "n_folds", minimum=2)
    settings = _settings(check_integer(max_iter, "max_iter", minimum=1))
    limit = check_memory_limit(memory_limit)
    names = feature_names_of(X)
    data = check_X(X, n_threads=threads)
    weight = check_sample_weight(sample_weight, len(data))
    if weight is not None and size == "weight":
        if chosen in PENALISED:
            check_counts_of_rows(weight, counts[-1])
        settings["gain_left"] *= rows_per_weight(weight)
    n_counted = len(data) if weight is None else int(np.count_nonzero(weight))
    if chosen == "cv":
        check_folds(folds, n_counted)
    structures = checked_structures(covariance_types, data.shape[1])
    fingerprint = fingerprint_of(data, weight, size, names, settings["max_iter"])
    earlier = checked_resume(resume, fingerprint)
    done = {} if earlier is None else as_found(earlier)
    models = [(structure, K) for structure in structures for K in counts]
    held_out = chosen == "cv"
    n_searches = int(any(key not in done for key in models)) + (folds if held_out else 0)
    bar = ModelBar(n_searches * len(models)) if show else None
    if n_searches:
        check_memory_of_search(
            data,
            weight is not None,
            structures,
            tuple(K for K in counts if n_counted >= K),
            settings,
            workers,
            limit,
            held_out=held_out,
        )
    # The seed comes last: an error above must not have moved the caller's generator.
    seed = seed_from(random_state)
    search = Search(
        data=data,
        weight=weight,
        names=names,
        structures=structures,
        n_components=counts,
        settings=settings,
        n_threads=workers,
        seed=seed,
        most_components=n_counted,
        weights_count=size == "weight",
        done=done,
        bar=bar,
    )
    used, interrupted = chosen, False
    try:
        with nullcontext() if bar is None else closing(bar):
            search.run()
            values = criterion_values(used, search, size, folds)
    except KeyboardInterrupt:
        used, interrupted = "bic", True  # which takes no time
        values = criterion_values(used, search, size, folds)
    cells = tuple(
        _cell(search.done[key], values[key], data.shape[1]) for key in models if key in search.done
    )
    result = SelectionResult(cells, used, fingerprint, time.perf_counter() - began, size)
    result = replace(result, reasons=reasons_of_search(search, result))
    if interrupted:
        raise FitInterrupted(
            f"the search was interrupted after {len(cells)} of {len(models)} models; the "
            "exception's .selection holds them, and select(..., "
            "resume=error.selection) carries on.",
            selection=result,
        )
    return result


def _settings(max_iter: int) -> dict[str, Any]:
    settings = engine_settings(
        n_components=1,
        covariance_type=CovarianceType.FULL,  # each cell has its own
        max_iter=max_iter,
        accelerate=True,
        one_unit=True,
        gain_left=_GAIN_LEFT,
    )
    return settings | NO_START | {"prior": None, "seed": 0}


def _cell(found: Found, criterion: float, n_features: int) -> SelectionCell:
    return SelectionCell(
        found.structure,
        found.n_components,
        n_features,
        criterion,
        found.result,
        found.origin,
        found.spurious,
        found.failure,
        found.n_fits,
        found.seconds,
    )
