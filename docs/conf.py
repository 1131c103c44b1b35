"""The documentation site: pages by hand, and pages made from the catalogue, the figures and the docstrings."""

import os
import sys
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).parent))

import gallery  # noqa: E402, beside this file
import pages  # noqa: E402

from solvable import __version__  # noqa: E402
from solvable.analysis.verification.fingerprint import package_digest  # noqa: E402

project = "solvable"
copyright = "the authors of solvable"
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
]
exclude_patterns = [
    "design.md",
    "decisions",
    "generated/scripts",
    "generated/notebooks/download",
]  # for contributors, read in the repository; made
suppress_warnings = ["config.cache"]  # the hook below is a function

sphinx_gallery_conf = {
    "examples_dirs": "generated/scripts",
    "gallery_dirs": "generated/gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": (gallery.Pictures(),),
    "reset_modules": (),
    "doc_module": ("solvable",),
    "backreferences_dir": "generated/gallery/backreferences",
    "abort_on_example_error": True,
    "parallel": True,  # as many processes as `sphinx-build -j` has
    "download_all_examples": False,
    "notebook_extensions": set(),
    "write_computation_times": False,
    "min_reported_time": 1e9,
    "show_signature": False,
}

# formulas are set by MathJax from an installed package, fonts included: the pages need no network
_MATHJAX = pages.mathjax_folder()
mathjax_path = "tex-svg-full.js"
mathjax3_config = {"options": {"enableMenu": False}, "svg": {"mtextInheritFont": True}}
html_theme = "pydata_sphinx_theme"
html_title = "solvable"
html_static_path = ["_static", "images", str(_MATHJAX)]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
_ALONE = (
    "index",
    "glossary",
    "conventions",
    "numerical_contract",
    "which_function",
    "trust",
    "mutants",
    "sweeps",
    "bibliography",
)
html_sidebars = {name: [] for name in _ALONE}
html_theme_options = {
    "header_links_before_dropdown": 5,
    "navbar_end": [],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "tango",
}
html_context = {"default_mode": "light"}

default_role = "code"  # single backticks in docstrings are names
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
bibtex_bibfiles = ["../papers.bib"]
bibtex_default_style = "plain"
bibtex_reference_style = "author_year"

myst_enable_extensions = ["amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
# the cache compares the notebooks' text alone: another text of the package has another folder
nb_execution_cache_path = str(Path(__file__).parents[1] / "build" / "notebooks" / package_digest())
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
nb_ipywidgets_js = {}  # sliders need a running kernel; every one has a static picture beside it


def setup(app):
    """Write the made pages before the sources are collected, and complete docstrings and theory pages."""
    app.connect("config-inited", lambda *_: pages.write())
    app.connect("env-before-read-docs", pages.prepare_reading)
    app.connect("source-read", pages.complete_page)
    app.connect("autodoc-process-docstring", pages.tidy_docstring)
