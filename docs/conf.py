"""Sphinx: the site of grpo_symbolic. Pages are written to its folder by docs/build.py."""

from importlib.metadata import version as installed

project = "grpo_symbolic"
author = "The grpo_symbolic developers"
copyright = "the grpo_symbolic developers"
version = release = installed("grpo-symbolic")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
]
exclude_patterns = ["generated/*", "extra/*", "jupyter_execute"]
root_doc = "index"
nitpicky = False

html_theme = "furo"
html_title = "grpo_symbolic"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["search_table.js", "theme.js"]
html_extra_path = ["extra"]
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # it would be fetched, which a folder does not allow
html_theme_options = {"navigation_with_keys": True}

# One file, shipped with the site: no fonts and no other host are asked.
mathjax_path = "tex-svg-full.js"
mathjax3_config = {
    "tex": {"inlineMath": [["\\(", "\\)"], ["$", "$"]]},  # notebooks write their tables with $
    "options": {"enableMenu": False},
    "svg": {"fontCache": "local"},
}

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
myst_update_mathjax = False
# Widgets need a kernel: the page without a server stands in for them.
nb_ipywidgets_js = {}
nb_execution_timeout = 400
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_mime_priority_overrides = [
    ("html", "application/vnd.jupyter.widget-view+json", None),
]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
python_use_unqualified_type_names = True
# Words of a docstring that name attributes of several classes are no references.
suppress_warnings = ["mystnb.unknown_mime_type", "ref.python"]


def setup(app):
    """Cards hold formulas in HTML, in which Sphinx sees none: MathJax belongs on every page."""
    app.set_html_assets_policy("always")
