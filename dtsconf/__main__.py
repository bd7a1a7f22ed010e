"""The program: `dtsconf ...` and `python -m dtsconf ...`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line on `sys.argv` and end the process with the contract's exit code."""
    gc.set_threshold(100_000)  # what is imported stays: walking it again and again takes a tenth of a short command
    try:
        from dtsconf.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while the program was still being loaded
        sys.stderr.write("error: interrupted\n")
        code = 130
    from dtsconf.files.signals import unheard

    unheard()
    gc.freeze()  # else the interpreter walks every object once more on its way out: 40 ms with pydantic loaded
    sys.exit(code)


if __name__ == "__main__":
    main()
