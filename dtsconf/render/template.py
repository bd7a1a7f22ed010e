"""The profile that `dtsconf init` writes: every usual blank, with its meaning taken from the model."""

from __future__ import annotations

import re
from typing import get_args

from dtsconf.settings.declared import field_types
from dtsconf.settings.keys import meaning
from dtsconf.settings.sections import TargetKind, Verify

_TEMPLATE = """\
# A dtsconf profile. Fill in the blanks (null), then:
#   dtsconf validate {file}
#   dtsconf test --profile {file}
#   dtsconf plan --profile {file}
#   dtsconf apply --profile {file}
dtsconf: 1
name: {name}

settings:
  mode: smtp            #: mode
  sender:
    name: null          #: sender.name
    email: null         #: sender.email
  server:
    host: null          #: server.host
    port: null          #: server.port
    encryption: starttls
                        #: server.encryption
    ca_file: null       #: server.ca_file
  login:
    required: false     #: login.required
    username: null      #: login.username
    # A reference, never the password itself: env://NAME, file:///PATH, vault://MOUNT/PATH#FIELD,
    # keyring://SERVICE/USER or systemd://NAME
    password: null      #: login.password
  # With mode: microsoft, instead of login:
  # microsoft:
  #   client_id: null     #: microsoft.client_id
  #   tenant: null        #: microsoft.tenant
  #   remember_me: false  #: microsoft.remember_me

verify:
  # How far apply proves the settings before they count: {levels}
  # (none proves nothing: apply writes, and says that it is not proven)
  level: send
  to: null              # where the test mail goes; null is the sender's own address

# The files that apply writes, out of {targets}. dts is the machine config, msmtp the configuration of the mail
# client of that name, with which scripts can send today.
targets: [dts]

# Who may send with a password that apply delivers to the machine; without a group only root:
# secrets:
#   group: dts

# What nobody on the machine may change, and what must hold whatever a layer says:
# policy:
#   lock: [mode, server]
#   rules:
#     - key: server.encryption
#       one_of: [tls, starttls]
#       because: Mail leaves the site network
#   recipients: ["*@acme.example"]
"""


def _levels() -> str:
    *most, last = get_args(field_types(Verify)["level"])
    return f"{', '.join(most)} or {last}"


def profile_template(name: str) -> str:
    """A commented profile called `name` (made safe for YAML), in UTF-8 text with LF."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "site"
    text = re.sub(r"#: ([a-z._]+)", lambda found: "# " + meaning(found.group(1)), _TEMPLATE)
    text = text.replace("{levels}", _levels()).replace("{targets}", ", ".join(get_args(TargetKind)))
    return text.replace("{file}", f"{safe}.yaml").replace("{name}", f'"{safe}"')
