"""The command line: options -> wiring -> one call -> render -> exit code. One file a command or small family."""
