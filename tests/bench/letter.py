"""A bare smtplib script: one plain message, no login. `python letter.py PORT`; a floor."""

import smtplib
import sys
from email.message import EmailMessage

message = EmailMessage()
message["From"] = "lab@acme.example"
message["To"] = "mailcheck@acme.example"
message["Subject"] = "bench"
message.set_content("One plain message.\n")
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as connection:
    connection.send_message(message)
