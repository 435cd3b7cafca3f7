"""A model search on one page, for a browser: no script, nothing from the network."""

from gaussmix.reporting._curves import criterion_figure
from gaussmix.reporting._report import report, report_html

__all__ = ["criterion_figure", "report", "report_html"]
