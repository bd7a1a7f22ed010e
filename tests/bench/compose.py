"""PyYAML's C `compose` of every file in a folder: `python compose.py FOLDER`; a floor."""

import os
import sys

import yaml

for name in os.listdir(sys.argv[1]):
    with open(os.path.join(sys.argv[1], name), "rb") as file:
        yaml.compose(file.read(), Loader=yaml.CSafeLoader)
