"""The command ``forensics`` as click knows it: finds the verb, runs it, and turns what came of it into an exit code.

The modules of the verbs are imported when they are asked for, and they import the examination only when they run, so
that asking for help takes no time (DESIGN 7).
"""

from __future__ import annotations

import importlib

import click

import forensics
from forensics.cli import failures
from forensics.errors import DONE, ForensicsError

VERBS = (
    "case", "acquire", "verify", "parse", "map", "timeline", "search", "find", "report", "examine",
    "playbook", "bundle", "review", "formats", "doctor",
)  # fmt: skip


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
    them, lays every event on one timeline and writes the reports. The other verbs are the stations of that way. No
    source is ever changed. Only 'acquire imap', 'acquire dkim-keys' and 'case timestamp --tsa' use the network, and
    talk to nobody but the server or resolver that is named.
    """


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
