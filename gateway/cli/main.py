"""The commands and their options."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from gateway import __version__
from gateway.cli.check import check_backends
from gateway.cli.demo import run_demo
from gateway.cli.exposure import check_exposure
from gateway.cli.key import new_key
from gateway.cli.serving import serve
from gateway.cli.workers import serve_workers
from gateway.domain.principal import DEFAULT_TENANT, Role
from gateway.schema.root import schema_text
from gateway.settings import Settings, SettingsError
from gateway.settings.server import MOST_WORKERS

app = typer.Typer(
    name="ota-gateway",
    help="One GraphQL endpoint for firmware updates across clouds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="TOML file with the settings. [default: $OTA_GATEWAY_CONFIG]",
        show_default=False,
    ),
]


def _load(config: Path | None) -> Settings:
    try:
        return Settings.load(config)
    except SettingsError as error:
        raise _refused(error) from None


def _refused(error: SettingsError) -> typer.Exit:
    """Tell what is wrong with the settings; the command ends with what this returns."""
    typer.echo("The settings are not right:", err=True)
    for problem in error.problems:
        typer.echo(f"  {problem}", err=True)
    return typer.Exit(2)


@app.callback(invoke_without_command=True)
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", is_eager=True)
    ] = False,
) -> None:
    """One GraphQL endpoint for firmware updates across clouds."""
    if version:
        typer.echo(f"ota-gateway {__version__}")
        raise typer.Exit


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the gateway; 0 takes a free one.")] = 8000,
    seed: Annotated[int, typer.Option(help="Seed of the simulated fleets.")] = 7,
) -> None:
    """Run the gateway against built-in simulations of all clouds. Needs no account."""
    run_demo(port=port, seed=seed)


@app.command("serve")
def serve_command(
    config: _Config = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on, over `server.host`.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port, over `server.port`.")] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_WORKERS, help="Processes, over `server.workers`."),
    ] = None,
) -> None:
    """Run the gateway against the backends of the settings."""
    settings = _load(config)
    chosen = host or settings.server.host
    try:
        check_exposure(chosen, settings.access)
        if workers is not None:
            settings = settings.with_workers(workers)
        run = serve if settings.server.workers == 1 else serve_workers
        run(settings, host=chosen, port=port or settings.server.port)
    except SettingsError as error:
        raise _refused(error) from None


@app.command()
def check(config: _Config = None) -> None:
    """Sign in to every backend, read one page, and show what works and what does not."""
    settings = _load(config)
    logging.getLogger("gateway").setLevel(logging.CRITICAL)  # the table says it all
    if not asyncio.run(check_backends(settings)):
        raise typer.Exit(1)


@app.command("key")
def key_command(
    name: Annotated[str, typer.Argument(help="Who the key is for: a-z, 0-9 and _.")],
    tenant: Annotated[str, typer.Option(help="Whose backends it sees.")] = DEFAULT_TENANT,
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.READ,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=36_500, help="Days until it ends; without, it has no end."),
    ] = None,
) -> None:
    """Make an API key: prints it once, and the lines that let it in."""
    ends = None if days is None else datetime.now(UTC) + timedelta(days=days)
    try:
        key, table = new_key(name, tenant=tenant, role=role, expires_at=ends)
    except ValueError as error:
        typer.echo(f"No key was made: {error}.", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"The key. It is shown this once and kept nowhere:\n\n{key}\n")
    typer.echo(f"Add to the settings, which hold its hash alone:\n\n{table}")


@app.command()
def schema() -> None:
    """Print the GraphQL schema."""
    typer.echo(schema_text(), nl=False)
