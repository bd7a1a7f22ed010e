"""`dtsconf completion bash|zsh|fish`."""

from __future__ import annotations

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run


@make("completion", click.argument("shell", type=click.Choice(["bash", "zsh", "fish"])), common=("json",))
def command(_run: Run, shell: str) -> Outcome:
    """Print the completion script for bash, zsh or fish.

    bash: `dtsconf completion bash | install -D -m 644 /dev/stdin ~/.local/share/bash-completion/completions/dtsconf`;
    zsh: into a file named _dtsconf on $fpath; fish: the same as bash, to ~/.config/fish/completions/dtsconf.fish.
    """
    from click.shell_completion import get_completion_class

    from dtsconf.cli.app import application

    maker = get_completion_class(shell)
    if maker is None:
        raise click.UsageError(f"no completion for {shell}")
    script = maker(application(), {}, "dtsconf", "_DTSCONF_COMPLETE").source()
    return Outcome({"script": script}, script)
