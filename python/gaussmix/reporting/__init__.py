"""A model search on one page, for a browser: no script, nothing from the network."""

from gaussmix.reporting._report import report, report_html

__all__ = ["report", "report_html"]
