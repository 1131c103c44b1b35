"""The command line. Every refusal is one sentence; a traceback only with --debug."""

from __future__ import annotations

import signal
import sys

from solvable.analysis.writing.prose import counted
from solvable.cli import catalogued, checking, deriving, helping, making  # noqa: F401  they register their commands
from solvable.cli.application import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; turn every error into a sentence and an exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` and `timeout` leave what Ctrl-C leaves
    arguments = [part for part in sys.argv[1:] if part != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    from typer.main import get_command

    code: object = 130  # what the library below returns for Ctrl-C, where it does not raise
    printed = 0
    try:
        code = get_command(app).main(args=arguments, prog_name="solvable", standalone_mode=False)
    except KeyboardInterrupt:
        pass
    except checking.Interrupted as stop:
        printed = stop.args[0]
    except Exception as error:
        if debug:
            raise
        if type(error).__name__ != "Abort":
            usage = getattr(error, "format_message", None)
            refused = usage is not None or isinstance(error, (LookupError, ValueError))
            sentence = usage() if usage else str(error) or type(error).__name__
            sys.exit(_fail(" ".join([sentence, *getattr(error, "__notes__", ())]), 2 if refused else 1))
    if code == 130:
        sys.exit(_fail(f"interrupted; {_left(arguments, printed)}.", 130))
    sys.exit(code if isinstance(code, int) else 0)


def _left(arguments: list[str], printed: int) -> str:
    """What an interrupted command leaves."""
    command = next((part for part in arguments if not part.startswith("-")), "")
    if command in ("reproduce", "sweep"):
        return "what was finished is kept and the next run goes on from there"
    if command == "verify":
        stand = f"the {counted(printed, 'verdict')} above {'stands' if printed == 1 else 'stand'}"
        found = stand if printed else "no verdict was reached"
        return f"{found}, and the next run starts anew (reproduce keeps what is finished)"
    return "what was written is whole"


def _fail(sentence: str, code: int) -> int:
    print(f"solvable: {' '.join(sentence.split())}", file=sys.stderr)
    return code
