"""One module a target: settings in, files out. All pure."""
