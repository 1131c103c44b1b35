"""The command line. Every refusal is one sentence; a traceback only with --debug."""

from __future__ import annotations

import signal
import sys

from solvable.cli import catalogued, checking, deriving, making  # noqa: F401  they register their commands
from solvable.cli.application import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; turn every error into a sentence and an exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` and `timeout` leave what Ctrl-C leaves
    arguments = [part for part in sys.argv[1:] if part != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    from typer.main import get_command

    code: object = 130  # what the library below returns for Ctrl-C, where it does not raise
    try:
        code = get_command(app).main(args=arguments, prog_name="solvable", standalone_mode=False)
    except KeyboardInterrupt:
        pass
    except Exception as error:
        if debug:
            raise
        if type(error).__name__ != "Abort":
            usage = getattr(error, "format_message", None)
            refused = usage is not None or isinstance(error, (LookupError, ValueError))
            sys.exit(_fail(usage() if usage else str(error) or type(error).__name__, 2 if refused else 1))
    if code == 130:
        sys.exit(_fail("interrupted; what was finished is kept and the next run goes on from there.", 130))
    sys.exit(code if isinstance(code, int) else 0)


def _fail(sentence: str, code: int) -> int:
    print(f"solvable: {' '.join(sentence.split())}", file=sys.stderr)
    return code
