"""The command ``forensics``: finds the verb, runs it, and turns what came of it into an exit code (DESIGN 7).

The modules of the verbs are imported when they are asked for, and they import the examination only when they run, so
that asking for help takes no time.
"""

from __future__ import annotations

import importlib
import signal
import sys
from types import FrameType

import click

import forensics
from forensics.cli import failures
from forensics.errors import DONE, ForensicsError

VERBS = ("case", "acquire", "verify", "parse", "timeline", "report", "examine", "formats", "doctor")


class Verbs(click.Group):
    """The verbs, one module each, in the order in which an examination uses them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of the verb."""
        if cmd_name not in VERBS:
            return None
        found = importlib.import_module(f"forensics.cli.{cmd_name}").command
        assert isinstance(found, click.Command)
        return found


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(forensics.__version__, "--version", prog_name="forensics")
def toolkit() -> None:
    """Turn seized mail into evidence that anyone can verify.

    The short way is 'forensics examine SOURCE... --case DIR': it acquires the sources write-once, verifies them, parses
    them, lays every event on one timeline and writes the reports. The other verbs are the stations of that way. Nothing
    here uses the network, and no source is ever changed.
    """


def main() -> None:
    """Run the command line of this process and exit."""
    sys.excepthook = failures.show_unexpected
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    for name in ("SIGTERM", "SIGHUP"):
        # Whoever started this with nohup has decided that a closed terminal is no reason to stop.
        known = getattr(signal, name, None)
        if known is not None and signal.getsignal(known) == signal.SIG_DFL:
            signal.signal(known, _stop)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; the answer is the exit code."""
    as_json = "--json" in arguments
    try:
        code = toolkit.main(args=arguments, prog_name="forensics", standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        failure = _usage(error)
    except (click.Abort, KeyboardInterrupt):
        failure = failures.interrupted()
    except ForensicsError as error:
        failure = failures.of_ours(error)
    except OSError as error:
        failure = failures.of_system(error)
    return failures.show(failure, command=failures.command_in(arguments), as_json=as_json)


def _usage(error: click.ClickException) -> failures.Failure:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "forensics"
    return failures.of_usage(error.format_message(), f"see '{path} --help'")


def _stop(number: int, frame: FrameType | None) -> None:
    """A polite kill is handled like Ctrl-C: workers are seen off and the ledger gets its line. A second one waits."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
