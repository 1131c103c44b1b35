"""What the commands of LaTeX mean in a formula: letters, functions, relations, and what only places things."""

from __future__ import annotations

import re

__all__ = [
    "ACCENTS",
    "ALMOST",
    "A_SHARE",
    "BEHIND",
    "DEFINES",
    "DIFFERENTIALS",
    "ENVIRONMENTS",
    "EXTREMA",
    "FUNCTIONS",
    "GREEK",
    "IMPLIES",
    "INVERSES",
    "LATTICE",
    "LAW_STYLES",
    "LETTER_STYLES",
    "LIMITS",
    "MATRICES",
    "OPENING",
    "OTHERWISE",
    "OTHER_SHAPES",
    "PROPORTIONAL",
    "RELATIONS",
    "ROOTS",
    "SAID",
    "SIZES",
    "SOLVES",
    "SPACES",
    "SPOKEN_OF",
    "STARS",
    "STATISTICS",
    "SUMMED",
    "WORDS",
    "WORD_STYLES",
]

_LETTERS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon "
    "phi chi psi omega"
)
_UNICODE = "αβγδεζηθικλμνξπρστυφχψω"
_SHAPES = dict(zip("ϵϑϱςϕϰ", ("epsilon", "theta", "rho", "sigma", "phi", "kappa"), strict=True))
OTHER_SHAPES = {shape: (f"\\var{name}", f"\\{name}") for shape, name in _SHAPES.items()}  # one letter, written twice
GREEK = {
    **{shape: f"var{name}" for shape, name in _SHAPES.items()}, r"\varpi": "varpi",
    **{f"\\{name}": name for name in _LETTERS.split()},
    **{f"\\var{name}": name for name in ("epsilon", "theta", "rho", "sigma", "phi", "kappa")},
    **{f"\\{name.capitalize()}": name.capitalize() for name in _LETTERS.split()},
    **dict(zip(_UNICODE, _LETTERS.split(), strict=True)),
    "Σ": "Sigma", "Λ": "Lambda", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
FUNCTIONS = {
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "min", "max", "erf", "erfc")},
    "ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "sgn": "sign", "sign": "sign", "artanh": "atanh",
    "arctanh": "atanh", "arsinh": "asinh", "arcosh": "acosh", "arcsinh": "asinh", "arccosh": "acosh", "abs": "abs",
    "ReLU": "relu", "relu": "relu", "sigmoid": "sigmoid", "softplus": "softplus",
    **{name: name for name in ("sech", "coth", "cot", "sec", "csc", "erfinv", "erfcinv", "digamma", "erfcx")},
    **{name: name for name in ("besseli", "besselj", "besselk", "Phi", "hyp0f1", "hyp1f1", "hyp2f1")},
    "gammalower": "gamma_lower", "gammaupper": "gamma_upper", "gammafunction": "gamma_function",
    "betalower": "beta_lower", "normpdf": "norm_pdf", "normtail": "norm_sf", "B": "beta_function",
    **{name: name for name in ("acos", "asin", "atan", "acosh", "asinh", "atanh", "expm1", "log1p")},
}  # fmt: skip
DIFFERENTIALS = ("d", r"\mathrm", r"\mu", "F", r"\nu", r"\rho", "H", r"\Phi")  # what dx, dμ(x) and μ(dx) begin with
SUMMED = {"+": "+", "-": "-", "−": "-", **dict.fromkeys((r"\pm", "±"), "+pm_sign*"),
          **dict.fromkeys((r"\mp", "∓"), "-pm_sign*")}  # fmt: skip
LATTICE = {r"\wedge": "min", r"\land": "min", "∧": "min", r"\vee": "max", r"\lor": "max", "∨": "max"}
RELATIONS = {"<": "<", ">": ">", r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=", r"\lt": "<", r"\gt": ">",
             "≤": "<=", "≥": ">=", r"\leqslant": "<=", r"\geqslant": ">=", r"\lesssim": "<=", r"\gtrsim": ">=",
             r"\ne": "!=", r"\neq": "!="}  # fmt: skip
# equality as the sizes grow
LIMITS = (
    r"\to",
    r"\rightarrow",
    r"\longrightarrow",
    r"\rightsquigarrow",
    r"\leadsto",
    r"\sim",
    r"\simeq",
    r"\approx",
    r"\asymp",
    r"\cong",
    r"\eqsim",
    r"\approxeq",
    "→",
    "≈",
    "∼",
    "≃",
)
PROPORTIONAL = (r"\propto", "∝")
IMPLIES = (r"\Rightarrow", r"\Longrightarrow", r"\implies", r"\iff", r"\Leftrightarrow", r"\Longleftrightarrow",
           "⇒", "⟹", "⇔", "⟺")  # fmt: skip
ALMOST = (r"\approx", "≈", r"\simeq")
DEFINES = (r"\coloneqq", r"\coloneq", r"\equiv", r"\triangleq", r"\doteq", r"\defeq", r"\eqdef", "≡", "≔", "≜")
SIZES = frozenset(
    [
        "left",
        "right",
        "middle",
        "big",
        "Big",
        "bigg",
        "Bigg",
        "bigl",
        "bigr",
        "Bigl",
        "Bigr",
        "biggl",
        "biggr",
        "Biggl",
        "Biggr",
        "bigm",
        "Bigm",
        "biggm",
        "Biggm",
    ]
)
SPACES = frozenset([",", ";", "!", ":", " ", ">", "quad", "qquad", "thinspace", "medspace", "enspace"])
STARS = {"*": "_star", r"\ast": "_star", r"\star": "_star", "⋆": "_star", r"\dagger": "_dagger", r"\prime": "_prime"}
ACCENTS = {"hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde", "widetilde": "tilde",
           "dot": "dot", "check": "check", "underline": "under"}  # fmt: skip
LETTER_STYLES = (
    "mathsf",
    "mathtt",
    "mathcal",
    "mathbb",
    "mathbf",
    "boldsymbol",
    "bm",
    "mathfrak",
    "mathscr",
    "mathds",
    "mathbbm",
    "mathit",
    "bf",
    "cal",
)
WORD_STYLES = ("operatorname", "operatorname*", "mathrm", "text", "textrm", "mathop", "rm", "mathsf", "texttt",
               "textsf", "textbf", "textit", "textnormal", "textsc", "mathnormal", "emph")  # fmt: skip
INVERSES = {
    "sin": "asin",
    "cos": "acos",
    "tan": "atan",
    "tanh": "atanh",
    "sinh": "asinh",
    "cosh": "acosh",
    "erf": "erfinv",
    "erfc": "erfcinv",
    "Phi": "norm_ppf",
}  # with the power -1
MATRICES = ("H",)  # whose trace is a quantity of its own
OPENING = ("(", "[", "{", r"\{", r"\lbrack", r"\lbrace")
ENVIRONMENTS = (
    "equation",
    "equation*",
    "align",
    "align*",
    "aligned",
    "split",
    "gather",
    "gather*",
    "multline",
    "displaymath",
)
# words in roman type between a formula and what belongs to it, without their spaces
BEHIND = ("as", "at", "for", "forall", "forany", "forevery", "if", "when", "whenever", "where", "with", "and",
          "provided", "providedthat", "aslongas", "here", "given", "suchthat", "inwhich", "andwhere", "wherein",
          "letting", "withthe", "wherethe", "s.t.", "in", "on", "let", "by", "since", "because", "recall", "recallthat",
          "almostsurely", "a.s", "inprobability", "withhighprobability", "w.h.p")  # fmt: skip
# what such a word may speak of in front of a definition: with the aspect ratio gamma = d/n
SPOKEN_OF = re.compile(
    r"(?:with|where|and|here|for|forthe|andthe|withthe|wherethe|usingthe|inthenotation|interms?ofthe)(?:the|an?)?"
    r"(?:aspect|sample|shrinkage|effective|overparameteri[sz]ation|regulari[sz]ation|normali[sz]ed|mixing|signal-to-noise|"
    r"order|shorthand|auxiliary|abbreviated|learning|contraction|decay|usual)*"
    r"(?:ratios?|factors?|parameters?|constants?|notations?|shorthands?|abbreviations?|coefficients?|variables?|rates?|"
    r"quantity|quantities|functions?|dimension|ridge|noise|angle|size)"
)
# what only a description of the quantity holds
STATISTICS = (r"\tr", r"\Tr", r"\angle", r"\langle",
              r"\hat", r"\widehat", r"\arg", r"\argmin", r"\E", r"\Var", r"\Cov", r"\operatorname*", r"\sup", r"\inf",
              r"\lim", r"\Pr", r"\P", r"\top", r"\|", r"\lVert", r"\limsup", r"\liminf", r"\nabla")  # fmt: skip
LAW_STYLES = (r"\mathcal", r"\mathrm", r"\mathsf", r"\operatorname", r"\text", "{")
EXTREMA = (r"\min", r"\inf", r"\max", r"\sup")
OTHERWISE = ("otherwise", "else")
ROOTS = "smaller|smallest|lower|lesser|least|larger|largest|greater|greatest|upper"  # which of several
# what says that a name solves the equation behind it
SOLVES = re.compile(
    r"(?:,?(?:solves|solving|satisfies|satisfying|obeying|obeys|fulfils|fulfills|isgivenby|isdefinedby|isgivenimplicitlyby|isdefinedimplicitlyby|is"
    r"|denotes|(?:is|denotes|isdefinedas|isgivenby|isgivenas|beingthe|the)?(?:the|a)?(?:unique)?(?:"
    + ROOTS
    + r")?(?:positive|nonnegative|"
    r"non-negative)?(?:real)?(?:root|solution|fixedpoint|zero)(?:of|to)(?:the)?(?:fixed-?point|self-?consistent|implicit)?"
    r"(?:equation)?"
    r"|(?:is|being)?(?:implicitly|uniquely)?(?:determined|defined|fixed|characteri[sz]ed|given)(?:implicitly|uniquely)?"
    r"(?:by|through|via|from)(?:the)?(?:(?:fixed-?point|self-?consistent|self-?consistency|implicit|quadratic|cubic)?equation)?))"
)
# what authors write for our names
SAID = "calledthe"  # begins the name that is made of words which say what a letter is
WORDS = {"SNR": "snr", "snr": "snr", "Id": "I"}
A_SHARE = "a share of "  # begins what was not read where a sentence gives its formula as a part of a whole
