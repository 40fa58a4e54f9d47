"""The commands and their options."""

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import typer

from gateway import __version__
from gateway.cli.check import check_backends
from gateway.cli.demo import run_demo
from gateway.cli.serving import serve
from gateway.schema.root import schema_text
from gateway.settings import Settings, SettingsError

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
        typer.echo("The settings are not right:", err=True)
        for problem in error.problems:
            typer.echo(f"  {problem}", err=True)
        raise typer.Exit(2) from None


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
) -> None:
    """Run the gateway against the backends of the settings."""
    settings = _load(config)
    serve(settings, host=host or settings.server.host, port=port or settings.server.port)


@app.command()
def check(config: _Config = None) -> None:
    """Sign in to every backend, read one page, and show what works and what does not."""
    settings = _load(config)
    logging.getLogger("gateway").setLevel(logging.CRITICAL)  # the table says it all
    if not asyncio.run(check_backends(settings)):
        raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the GraphQL schema."""
    typer.echo(schema_text(), nl=False)
