"""The report of a search: one page that holds what the search found, and nothing that runs."""

from __future__ import annotations

import base64
import re
import struct
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import gaussmix as gx
from gaussmix.datasets import load_faithful, load_iris
from gaussmix.reporting import report_html
from gaussmix.reporting._features import Rows, most_separating

pytest.importorskip("matplotlib")

PNG = b"\x89PNG\r\n\x1a\n"
VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """Tags, texts of table cells, and a stack that must come out even."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def pictures(self) -> list[tuple[str, bytes]]:
        found = []
        for image in self.named("img"):
            head, _, data = str(image["src"]).partition(",")
            assert head == "data:image/png;base64"
            found.append((str(image["alt"]), base64.b64decode(data, validate=True)))
        return found


@pytest.fixture(scope="module")
def search() -> tuple[gx.SelectionResult, np.ndarray]:
    X = load_faithful().data
    return gx.select(X, range(1, 10), ["VVI", "EEE", "VVV"], random_state=0), X


@pytest.fixture(scope="module")
def page(search) -> Page:
    return Page(report_html(*search))


def test_nothing_runs_and_nothing_is_fetched(page: Page) -> None:
    assert not {tag for tag, _ in page.tags} & {
        *("script", "link", "iframe", "object", "embed", "form", "a", "base", "svg"),
    }
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert not {"href", "srcset", "action"} & attributes.keys()
        if "src" in attributes:
            assert (tag, str(attributes["src"])[:5]) == ("img", "data:")
    (policy,) = [m for m in page.named("meta") if m.get("http-equiv")]
    assert str(policy["content"]).startswith("default-src 'none'")
    assert not re.search(r"https?:|url\(|@import", page.text)


def test_light_and_dark_and_language(page: Page) -> None:
    assert page.named("html")[0]["lang"] == "en"
    assert "prefers-color-scheme: dark" in page.text
    assert any(m.get("charset") == "utf-8" for m in page.named("meta"))


def test_the_values_are_those_of_the_search(page: Page, search) -> None:
    selection, _ = search
    rivals, models, facts, components = page.tables[:4]
    assert [row[:3] for row in rivals[1:]] == [
        [cell.covariance_type.code, str(cell.n_components), f"{cell.criterion:.3f}"]
        for cell in selection.ranking[:10]
    ]
    assert [row[0] for row in models[1:]] == ["VVI", "EEE", "VVV"]
    for code, *values in models[1:]:
        for K, value in enumerate(values, start=1):
            assert float(value.strip(" *")) == round(selection.criterion[code][K], 2)
            assert value.endswith("*") == ((code, K) in selection.spurious)
    assert f"{selection.best.log_likelihood:.10g}" in dict(facts)["log-likelihood"]
    weights = [float(row[1]) for row in components[1:]]
    np.testing.assert_allclose(weights, selection.best.mixture.weights, atol=5e-7)


def test_what_failed_or_is_not_to_be_believed_is_told_with_its_reason() -> None:
    """Four distinct rows, each three times: five components are one too many for 'full'."""
    X = np.repeat([[0.0, 0.0], [1.0, 5.0], [7.0, 2.0], [9.0, 9.0]], 3, axis=0)
    selection = gx.select(X, [1, 4, 13], ["EEE", "VVV"])
    assert selection.failures
    assert selection.spurious
    incidents = Page(report_html(selection, X)).tables[-1]
    told = {(row[0], int(row[1]), row[2]): row[3] for row in incidents[1:]}
    for (code, K), why in selection.failures.items():
        assert told[code, K, "no fit"] == why
    for (code, K), why in selection.spurious.items():
        assert told[code, K, "not to be believed"] == why


@pytest.mark.parametrize(("max_iter", "said"), [(1, "1 time in"), (2, "2 times in")])
def test_repairs_of_the_fit_that_was_kept_are_counted(max_iter: int, said: str) -> None:
    """A constant column is repaired in every pass."""
    X = np.column_stack([np.arange(20.0), np.ones(20)])
    selection = gx.select(X, [1], ["EII", "EEE"], max_iter=max_iter)
    incidents = Page(report_html(selection, X)).tables[-1]
    told = {(row[0], row[2]): row[3] for row in incidents[1:]}
    assert told["EEE", "repaired"] == f"{said} the fit that was kept"


@pytest.mark.parametrize(
    ("K", "max_iter", "why"),
    [
        (1, 2, "max_iter ended the fit before it converged"),
        (5, 2000, "the bound on eigenvalues held the fit, and still did after 100 passes"),
    ],
)
def test_why_a_fit_did_not_converge_is_told(K: int, max_iter: int, why: str) -> None:
    X = np.random.default_rng(2).normal(size=(20, 4))
    selection = gx.select(X, range(1, 6), ["EVE"], max_iter=max_iter, random_state=0)
    incidents = Page(report_html(selection, X)).tables[-1]
    told = {(int(row[1]), row[2]): row[3] for row in incidents[1:]}
    assert told[K, "not converged"] == why


def test_pictures_are_there_whole_and_named(page: Page) -> None:
    pictures = page.pictures()
    titles = ["BIC of every model", "The components", "Rows in doubt"]
    assert [title for title, _ in pictures][:3] == titles
    for _, data in pictures:
        assert data.startswith(PNG)
        width, height = struct.unpack(">II", data[16:24])
        assert min(width, height) > 400


@pytest.mark.parametrize(("columns", "n_components"), [([0], 2), ([0, 1, 2, 3], 2), ([0, 1], 1)])
def test_any_number_of_features_and_one_component(columns, n_components) -> None:
    X = np.ascontiguousarray(load_iris().data[:, columns])
    structures = ["V"] if len(columns) == 1 else ["VVV"]
    selection = gx.select(X, n_components, structures, random_state=0)
    titles = [title for title, _ in Page(report_html(selection, X)).pictures()]
    assert ("The density" in titles) == (len(columns) == 1)
    assert ("Rows in doubt" in titles) == (n_components > 1)


HOSTILE = ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>"]


def test_names_from_outside_are_escaped(search) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(search[1], columns=HOSTILE)
    selection = gx.select(frame, [2], ["EEE"])
    text = report_html(selection, frame, reproduce="<script>alert(2)</script>")
    assert "<script" not in text
    page = Page(text)
    assert not page.named("script")
    assert all(image.keys() == {"alt", "src"} for image in page.named("img"))
    assert HOSTILE[0][:21] in page.text  # long names are cut
    assert "<script>alert(2)</script>" in page.text


@pytest.mark.parametrize("names", [["$x", "y"], ["$\\frac$", "_^{"], ["長さ", "a\nb"]])
def test_names_that_matplotlib_would_read_as_mathematics(search, names) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(search[1], columns=names)
    report_html(gx.select(frame, [2], ["EEE"]), frame)


def test_how_to_repeat_it_runs(search) -> None:
    selection, X = search
    code = re.search(r"<pre>(.*?)</pre>", report_html(selection, X), re.DOTALL)
    assert code is not None
    program = code[1].replace("&#x27;", "'").replace("random_state=...", "random_state=0")
    names: dict[str, object] = {"X": X}
    exec(program, names)
    again = names["selection"]
    assert isinstance(again, gx.SelectionResult)
    assert again.criterion["EEE"][3] == selection.criterion["EEE"][3]
    assert again.fingerprint == selection.fingerprint


def test_written_whole_or_not_at_all(search, tmp_path: Path) -> None:
    selection, X = search
    path = tmp_path / "r.html"
    gx.report(selection, X, path)
    whole = path.read_text()
    assert whole.endswith("</html>\n")
    with pytest.raises(gx.GaussmixError, match="272 rows"):
        gx.report(selection, X[1:], path)
    with pytest.raises(gx.GaussmixError):
        gx.report(selection, X[:, :1], path)
    with pytest.raises(gx.GaussmixTypeError, match="SelectionResult"):
        gx.report(selection.best, X, path)  # type: ignore[arg-type]
    assert path.read_text() == whole
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_an_estimator_that_searched_is_as_good_as_what_it_found(search) -> None:
    X = search[1]
    model = gx.GaussianMixtureSelector([2, 3], covariance_types=["EEE"], random_state=0)
    with pytest.raises(gx.NotFittedError, match="not fitted"):
        report_html(model, X)
    assert report_html(model.fit(X), X) == report_html(model.selection_, X)


def test_what_repeats_the_search_is_text(search) -> None:
    selection, X = search
    assert "make again" in report_html(selection, X, reproduce="make again")
    with pytest.raises(gx.GaussmixTypeError, match=r"reproduce must be None or the text.*got 3"):
        report_html(selection, X, reproduce=3)


def test_rows_without_weight_are_not_those_of_the_search(search) -> None:
    X = search[1]
    weights = np.r_[np.ones(200), np.zeros(72)]
    selection = gx.select(X, [2], ["EEE"], sample_weight=weights)
    page = Page(report_html(selection, X, sample_weight=weights))
    assert "all 200 rows are shown" in page.text
    with pytest.raises(gx.GaussmixError, match="sample_weight"):
        report_html(selection, X)


def test_other_data_of_as_many_rows_are_refused(search) -> None:
    selection, X = search
    with pytest.raises(gx.GaussmixError, match="must be the data of the search, whose best fit"):
        report_html(selection, X[:, ::-1])
    weighted = gx.select(X, [2], ["EEE"], sample_weight=np.arange(len(X)) % 2 + 1.0)
    with pytest.raises(gx.GaussmixError, match="sample_weight of the search"):
        report_html(weighted, X)
    assert report_html(selection, X.astype(np.float32))
    tiny = {"sample_weight": np.full(len(X), 1e-6)}
    light = gx.select(X, [2], ["EEE"], sample_size="effective", **tiny)
    assert "in proportion to its weight" not in report_html(light, X, **tiny)
    with pytest.raises(gx.GaussmixError, match="must be the data of the search"):
        report_html(light, X[:, ::-1], **tiny)


def test_a_search_in_vain_has_no_report(tmp_path: Path) -> None:
    X = np.zeros((5, 2))
    with pytest.raises(gx.GaussmixError, match="can be recommended"):
        gx.report(gx.select(X, [1], ["VVV"]), X, tmp_path / "r.html")
    assert not list(tmp_path.iterdir())


def test_without_matplotlib_the_extra_is_named(search, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(gx.MissingDependencyError, match=r"gaussmix\[plot\]"):
        gx.report(*search, tmp_path / "r.html")


def test_the_settings_of_matplotlib_are_left_alone_and_do_not_matter(search, page: Page) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"axes.facecolor": "black", "font.size": 30}):
        again = Page(report_html(*search))
        assert mpl.rcParams["font.size"] == 30
    assert again.pictures() == page.pictures()


def test_features_that_separate_the_components_are_chosen() -> None:
    means = [[0.0, 0.0, 0.0, 5.0], [0.0, 9.0, 0.1, 5.0]]
    mixture = gx.Mixture([0.5, 0.5], means, np.full((2, 4), [1.0, 25.0, 1e-4, 1.0]), "diag")
    # Shares: 0; 20.25 / 45.25; 0.0025 / 0.0026; 0.
    assert most_separating(mixture, 1) == (2,)
    assert most_separating(mixture, 2) == (1, 2)
    assert most_separating(mixture, 9) == (0, 1, 2, 3)


def test_much_data_are_thinned_the_same_way_each_time() -> None:
    rows = Rows(np.arange(20_000.0).reshape(-1, 2), np.arange(10_000.0))
    few = rows.some(500)
    assert few.X.shape == (500, 2)
    assert np.all(np.diff(few.X[:, 0]) > 0)
    np.testing.assert_array_equal(few.X[:, 0], 2 * few.weights)
    np.testing.assert_array_equal(few.X, rows.some(500).X)
    assert rows.some(10_000) is rows


@pytest.mark.parametrize("columns", [1, 2, 4])
def test_pictures_show_the_weights(columns: int, monkeypatch) -> None:
    seen = []
    for name in ("density", "scatter", "pairs", "uncertainty"):
        real = getattr(gx.plotting, name)

        def drawn(*arguments, real=real, **options):
            seen.append(options["sample_weight"])
            return real(*arguments, **options)

        monkeypatch.setattr(gx.plotting, name, drawn)
    X = load_iris().data[:, :columns]
    weights = np.arange(len(X)) % 3
    selection = gx.select(X, [2], ["V" if columns == 1 else "VVI"], sample_weight=weights)
    page = Page(report_html(selection, X, sample_weight=weights))
    assert ("area in proportion to its weight" in page.text) == (columns > 1)
    assert len(seen) == 2
    for shown in seen:
        np.testing.assert_array_equal(shown, weights[weights > 0])
