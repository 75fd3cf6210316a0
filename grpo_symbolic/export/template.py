"""Templates of documents: Jinja2, with brackets that TeX does not use."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any


def filled(template: str, package: str = "grpo_symbolic.export", /, **values: Any) -> str:
    """The ``template`` of a package's folder ``templates``, with these values.

    ``<< value >>``, ``<% for ... %>`` and ``<# comment #>`` stand for what Jinja writes in braces.
    """
    return _templates(package).get_template(template + ".jinja").render(**values)


@lru_cache(maxsize=4)
def _templates(package: str) -> Any:
    jinja = import_module("jinja2")
    return jinja.Environment(
        loader=jinja.PackageLoader(package, "templates"),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja.StrictUndefined,
    )
