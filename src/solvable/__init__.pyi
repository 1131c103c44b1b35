import typing

from .analysis import Claim as Claim
from .analysis import Kind as Kind
from .analysis import Outcome as Outcome
from .analysis import Source as Source
from .analysis import Verdict as Verdict
from .analysis import bibtex as bibtex
from .analysis import claims as claims
from .analysis import families as families
from .analysis import verify as verify
from .analysis.derivation.checking import check as check
from .analysis.derivation.own import check_bound as check_bound
from .analysis.derivation.own import check_rate as check_rate
from .analysis.derivation.report import CheckReport as CheckReport
from .analysis.equivalents.declaring import MatrixModel as MatrixModel
from .analysis.equivalents.deriving import Derivation as Derivation
from .analysis.equivalents.deriving import derive as derive
from .analysis.sweeping.running import sweep as sweep
from .analysis.verification.catalogue import claim as claim
from .solvers import Solution as Solution
from .solvers import Spectrum as Spectrum
from .solvers import Status as Status
from .solvers.equivalents.trace_expression import tr as tr

def __getattr__(name: str) -> typing.Any: ...  # floors, and the solvers by their names
