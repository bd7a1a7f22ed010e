"""The yardstick of `apply` with Vault: a bare hvac script that signs in by AppRole and reads one field.

python vault_floor.py URL CA_FILE ROLE_ID SECRET_ID_FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

import hvac

url, ca_file, role_id, secret_id_file = sys.argv[1:]
client = hvac.Client(url=url, verify=ca_file)
client.auth.approle.login(role_id, Path(secret_id_file).read_text("utf-8"))
found = client.secrets.kv.v2.read_secret_version("mail/bench", mount_point="kv", raise_on_deleted_version=True)
assert found["data"]["data"]["password"]
