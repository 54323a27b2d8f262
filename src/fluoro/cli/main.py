"""`fluoro`: the commands, where their settings come from, and how a wrong one ends."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from fluoro import __version__
from fluoro.errors import (
    MigrationError,
    MissingExtraError,
    SettingsError,
    StoreUnavailableError,
)

try:
    import yaml
    from cyclopts import App, CycloptsError, Parameter
    from cyclopts.config import Env, Yaml
except ImportError:
    sys.exit(f"fluoro: {MissingExtraError('server')}, or 'fluoro[agent]' for the agent alone")

_VARIABLES = "FLUORO_"
_STATUS = 2
_SECRETS = {
    "--store-password": "FLUORO_SERVER_STORE_PASSWORD",
    "--secret-access-key": "FLUORO_AGENT_SECRET_ACCESS_KEY",
}
"""Settings that are never flags, and their variables."""

_HELP = """Application tracing for Kubernetes that speaks AWS X-Ray, run by you.

Point a service that uses an X-Ray SDK at the agent (AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:2000), start
`fluoro up`, and open the address that it prints.

A setting comes from its flag, else its variable, else the file of --config, else its default.
"""


def app(config: Path | None = None) -> App:
    """The command line, with the settings of a file behind flags and variables."""
    sources: list[Env | Yaml] = [Env(_VARIABLES, command=True)]
    if config is not None:
        sources.append(Yaml(config, must_exist=True, use_commands_as_keys=True))
    commands = App(
        name="fluoro",
        version=__version__,
        help=_HELP,
        help_format="markdown",
        config=sources,
        print_error=False,
        exit_on_error=False,
    )
    for command, what in (
        ("up", "Run agent, server and console with a store of their own."),
        ("agent", "Run the agent: it takes segments of this node and brings them to the server."),
        ("server", "Run the server: it stores traces, answers the X-Ray API, shows the console."),
    ):
        commands.command(f"fluoro.cli.{command}:{command}", name=command, help=what)
    store = App(name="store", help="Look after a store: what it holds, backups, deletion.")
    for command, what in (
        ("stats", "Show rows, bytes and parts by table and day."),
        ("check", "Read every file and compare the tables; status 1 on a fault."),
        ("backup", "Copy the store into a new folder."),
        ("restore", "Make a store from a backup."),
        ("delete", "Delete a trace, or every trace of a user, for good."),
    ):
        store.command(f"fluoro.cli.store:{command}", name=command, help=what)
    commands.command(store)
    keys = App(name="keys", help="Make, list and revoke access keys.")
    for command, function, what in (
        ("create", "create", "Make a key and show its secret, this once."),
        ("list", "list_", "Show all keys, without their secrets."),
        ("revoke", "revoke", "Refuse a key from now on."),
    ):
        keys.command(f"fluoro.cli.keys:{function}", name=command, help=what)
    commands.command(keys)
    return commands


def main(arguments: list[str] | None = None) -> None:
    """Run a command; a setting that cannot work ends it with status 2 and one sentence."""
    launcher = App(
        name="fluoro",
        version=__version__,
        help_flags=[],
        version_flags=[],
        print_error=False,
        exit_on_error=False,
    )

    @launcher.default
    def launch(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        config: Annotated[
            Path | None, Parameter(name=("--config", "-c"), env_var="FLUORO_CONFIG")
        ] = None,
    ) -> None:
        _refuse_secrets(tokens)
        if config is not None:
            _check_file(config)
            os.environ["FLUORO_CONFIG"] = str(config)  # for the children of `fluoro up`
        app(config)(tokens)

    try:
        launcher(sys.argv[1:] if arguments is None else arguments)
    except SettingsError as error:
        flag = f"--{error.setting.replace('_', '-')}"
        sys.exit(_refused(f"{flag}: {error.message}"))
    except (MigrationError, MissingExtraError) as error:
        sys.exit(_refused(str(error)))
    except StoreUnavailableError as error:  # it may be there at the next attempt
        _refused(str(error))
        sys.exit(1)
    except CycloptsError as error:
        sys.exit(_refused(" ".join(str(error).split())))


def _refuse_secrets(tokens: Iterable[str]) -> None:
    for token in tokens:
        flag = token.partition("=")[0]
        if variable := _SECRETS.get(flag):
            raise SettingsError(
                flag.removeprefix("--").replace("-", "_"),
                f"every user of this machine could see it: set {variable}, or the key in the file"
                " of --config",
            )


def _check_file(config: Path) -> None:
    try:
        found = yaml.safe_load(config.read_text())
    except OSError as error:
        raise SettingsError("config", f"{config} cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = getattr(error, "problem_mark", None)
        line = "" if place is None else f", see line {place.line + 1}"
        raise SettingsError("config", f"{config} is not YAML{line}") from error
    if found is not None and not isinstance(found, dict):
        raise SettingsError("config", f"{config} has no keys `server` or `agent` at its top")
    for section in (found or {}).values():
        for name, value in section.items() if isinstance(section, dict) else ():
            if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
                raise SettingsError(name, f"its keys in {config} need quotes")


def _refused(sentence: str) -> int:
    print(f"fluoro: {sentence}", file=sys.stderr)  # noqa: T201  said to a person
    return _STATUS


if __name__ == "__main__":
    main()
