"""Speed and memory of the installed program against floors that run on the same machine: `python -m tests.bench`."""
