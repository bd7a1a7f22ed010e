"""The profile that `dtsconf init` writes: every usual blank, with its meaning taken from the model."""

from __future__ import annotations

import re

from dtsconf.settings.keys import meaning

_TEMPLATE = """\
# A dtsconf profile. Fill in the blanks (null), then:
#   dtsconf validate {file}
#   dtsconf plan --profile {file}
#   dtsconf apply --profile {file}
dtsconf: 1
name: {name}

settings:
  mode: smtp
  sender:
    name: null          #: sender.name
    email: null         #: sender.email
  server:
    host: null          #: server.host
    port: null          #: server.port
    encryption: starttls
                        #: server.encryption
  login:
    required: false     #: login.required
    username: null      #: login.username
    # A reference, never the password itself: env://NAME, file:///PATH, vault://MOUNT/PATH#FIELD,
    # keyring://SERVICE/USER or systemd://NAME
    password: null      #: login.password

verify:
  level: send           # none, connect, auth, envelope or send: how far apply proves the settings before they count
  to: null              # where the test mail goes; null is the sender's own address

# What nobody on the machine may change, and what must hold whatever a layer says:
# policy:
#   lock: [server]
#   rules:
#     - key: server.encryption
#       one_of: [tls, starttls]
#       because: Mail leaves the site network
#   recipients: ["*@acme.example"]
"""


def profile_template(name: str) -> str:
    """A commented profile called `name` (made safe for YAML), in UTF-8 text with LF."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "site"
    text = re.sub(r"#: ([a-z._]+)", lambda found: "# " + meaning(found.group(1)), _TEMPLATE)
    return text.replace("{file}", f"{safe}.yaml").replace("{name}", f'"{safe}"')
