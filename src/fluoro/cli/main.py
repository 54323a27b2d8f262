"""`fluoro`: the commands, where their settings come from, and how a wrong one ends."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from fluoro import __version__
from fluoro.errors import (
    CallError,
    CallRefusedError,
    InputError,
    MigrationError,
    MissingExtraError,
    SettingsError,
    StoreUnavailableError,
)

try:
    import yaml
    from cyclopts import App, ArgumentCollection, CycloptsError, Parameter
    from cyclopts.config import Env, Yaml
except ImportError:
    sys.exit(f"fluoro: {MissingExtraError('server')}, 'fluoro[agent]' or 'fluoro[client]' alone")

_VARIABLES = "FLUORO_"
_STATUS = 2
_SECRETS = {
    "--store-password": "FLUORO_SERVER_STORE_PASSWORD",
    "--secret-access-key": "FLUORO_SECRET_ACCESS_KEY",
}
"""Settings that are never flags, and their variables."""
_SECRETS_OF_AGENT = {"--secret-access-key": "FLUORO_AGENT_SECRET_ACCESS_KEY"}

_ASKING = (
    ("traces", "traces:traces", "Search for traces."),
    ("trace", "trace:trace", "Show traces as trees, with their times."),
    ("map", "map:map_", "Show the services and who calls whom."),
)
_ASKING_GROUPS = (
    (
        "groups",
        "Read and change the groups of traces.",
        (
            ("list", "list_", "Show all groups."),
            ("show", "show_", "Show one group."),
            ("create", "create", "Make a group."),
            ("update", "update", "Change a group."),
            ("delete", "delete", "Delete a group."),
        ),
    ),
    (
        "rules",
        "Read and change the sampling rules.",
        (
            ("list", "list_", "Show all rules."),
            ("show", "show_", "Show one rule."),
            ("create", "create", "Make a rule."),
            ("update", "update", "Change a rule."),
            ("delete", "delete", "Delete a rule."),
            ("statistics", "statistics", "Show what the rules did in the last ten seconds."),
        ),
    ),
)

_HELP = """Application tracing for Kubernetes that speaks AWS X-Ray, run by you.

Point a service that uses an X-Ray SDK at the agent (AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:2000), start
`fluoro up`, and open the address that it prints, or say `fluoro traces`.

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
    _add_asking(commands, config)
    return commands


def _add_asking(commands: App, config: Path | None) -> None:
    """Add the commands that ask a server: of the file they share the section `client`."""
    sources = [] if config is None else [_client_section(config)]
    for command, place, what in _ASKING:
        commands.command(f"fluoro.cli.{place}", name=command, help=what, config=sources)
    for group, what, members in _ASKING_GROUPS:
        found = App(name=group, help=what, config=sources)
        for command, function, does in members:
            found.command(f"fluoro.cli.{group}:{function}", name=command, help=does)
        commands.command(found)


def _client_section(config: Path) -> Callable[[App, tuple[str, ...], ArgumentCollection], None]:
    """The settings under `client` in a file, whatever the command."""
    section = Yaml(config, root_keys=("client",))
    return lambda app, _commands, arguments: section(app, (), arguments)


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
    except (MigrationError, MissingExtraError, CallRefusedError, InputError) as error:
        sys.exit(_refused(str(error)))
    except (StoreUnavailableError, CallError) as error:  # it may be there at the next attempt
        _refused(str(error))
        sys.exit(1)
    except CycloptsError as error:
        sys.exit(_refused(" ".join(str(error).split())))


def _refuse_secrets(tokens: Sequence[str]) -> None:
    secrets = _SECRETS | (_SECRETS_OF_AGENT if "agent" in tokens[:1] else {})
    for token in tokens:
        flag = token.partition("=")[0]
        if variable := secrets.get(flag):
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
        raise SettingsError(
            "config", f"{config} has no keys such as `server` or `agent` at its top"
        )
    for section in (found or {}).values():
        for name, value in section.items() if isinstance(section, dict) else ():
            if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
                raise SettingsError(name, f"its keys in {config} need quotes")


def _refused(sentence: str) -> int:
    print(f"fluoro: {sentence}", file=sys.stderr)  # noqa: T201  said to a person
    return _STATUS


if __name__ == "__main__":
    main()
