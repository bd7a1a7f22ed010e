"""The yardstick of a send by Graph: the smallest settings program, then a bare script of msal and requests that signs
an application in and posts one mail.

python graph_floor.py PROFILE AUTHORITY CLIENT_ID SECRET_FILE CA_FILE GRAPH MAILBOX
"""

from __future__ import annotations

import base64
import runpy
import sys
import uuid
from email.message import EmailMessage
from pathlib import Path

import msal
import requests

profile, authority, client_id, secret_file, ca_file, graph, mailbox = sys.argv[1:]
sys.argv = ["smallest.py", profile]
runpy.run_path(str(Path(__file__).with_name("smallest.py")))
secret = Path(secret_file).read_text("utf-8").strip()
client = msal.ConfidentialClientApplication(
    client_id, client_credential=secret, oidc_authority=authority, verify=ca_file, instance_discovery=False
)
answer = client.acquire_token_for_client(["https://graph.microsoft.com/.default"])
mail = EmailMessage()
mail["From"], mail["To"], mail["Subject"] = mailbox, "ann@acme.example", "Run 12"
mail.set_content("done\n")
headers = {
    "Authorization": f"Bearer {answer['access_token']}",
    "Content-Type": "text/plain",
    "client-request-id": str(uuid.uuid4()),
}
body = base64.b64encode(mail.as_bytes())
found = requests.post(f"{graph}/v1.0/users/{mailbox}/sendMail", data=body, headers=headers, verify=ca_file, timeout=20)
assert found.status_code == 202, found.text
