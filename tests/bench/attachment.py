"""A bare smtplib script that sends a file: `python attachment.py PORT FILE`; a floor."""

import smtplib
import sys
from email.message import EmailMessage

message = EmailMessage()
message["From"] = "lab@acme.example"
message["To"] = "mailcheck@acme.example"
message["Subject"] = "bench"
message.set_content("One attachment.\n")
with open(sys.argv[2], "rb") as file:
    message.add_attachment(file.read(), maintype="application", subtype="octet-stream", filename="big.bin")
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as connection:
    connection.send_message(message)
