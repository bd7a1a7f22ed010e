"""The smallest settings program and the bare smtplib script as one process: `python both.py FILE PORT`; a floor."""

import runpy
import sys
from pathlib import Path

here, profile, port = Path(__file__).parent, sys.argv[1], sys.argv[2]
for script, argument in (("smallest.py", profile), ("letter.py", port)):
    sys.argv = [script, argument]
    runpy.run_path(str(here / script))
