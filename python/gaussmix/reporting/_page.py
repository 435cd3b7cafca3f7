"""The page: its sections, one after the other."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape

from gaussmix._runtime import core
from gaussmix._selection_text import headline, table_html
from gaussmix._summary import as_html
from gaussmix.reporting._pictures import Picture
from gaussmix.reporting._style import STYLE
from gaussmix.reporting._tables import incidents, repairs, rivals
from gaussmix.selection_result import SelectionResult

# Even if something slipped through the escapes: no script, nothing from anywhere.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(selection: SelectionResult, pictures: Sequence[Picture], reproduce: str) -> str:
    """Return the page; all that comes from outside is escaped."""
    title = escape(_title(selection))
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{STYLE}</style></head><body>",
            f"<h1>{title}</h1>",
            f'<p class="lead">{escape(headline(selection))}. {escape(_data(selection))}.</p>',
            *_reasons(selection),
            *_section("The best models", rivals(selection), *_how_far(selection)),
            *(_figure(picture) for picture in pictures[:1]),
            *_section("All models", table_html(selection)),
            *_section("The best fit", as_html(selection.best), repairs(selection.best)),
            *(_figure(picture) for picture in pictures[1:]),
            *_section("Failures, spurious fits and repairs", incidents(selection)),
            *_section("To get the same again", f"<pre>{escape(reproduce)}</pre>"),
            f"<footer>gaussmix {escape(str(core.build_info()['version']))}; "
            f"fingerprint of data and settings {escape(selection.fingerprint)}; "
            f"{selection.seconds:.3g} seconds</footer>",
            "</body></html>\n",
        ]
    )


def _title(selection: SelectionResult) -> str:
    K = selection.best_n_components
    return f"{selection.best_structure} with {K} {'component' if K == 1 else 'components'}"


def _data(selection: SelectionResult) -> str:
    best = selection.best
    rows = "row" if best.n_rows == 1 else "rows"
    features = "feature" if best.n_features == 1 else "features"
    return f"{best.n_rows} {rows}, {best.n_features} {features}"


def _reasons(selection: SelectionResult) -> Iterator[str]:
    for reason in selection.best.reasons:
        yield f'<p class="note">{escape(reason)}</p>'


def _how_far(selection: SelectionResult) -> Iterator[str]:
    """Say what differences of BIC mean; of the other criteria there is no such scale."""
    if selection.criterion_name == "bic" and len(selection.ranking) > 1:
        yield (
            "<p>A difference in BIC below 2 is not worth more than a mention, from 2 to 6 it is "
            "positive evidence, from 6 to 10 strong, above 10 very strong (Kass and Raftery "
            "1995).</p>"
        )


def _section(title: str, *parts: str) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2>"
    for part in parts:
        yield f'<div class="wide">{part}</div>'


def _figure(picture: Picture) -> str:
    data = base64.b64encode(picture.png).decode()
    return (
        f"<figure><h3>{escape(picture.title)}</h3>"
        f'<img alt="{escape(picture.title)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )
