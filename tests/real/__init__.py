"""The real parts that the tests run against: mail servers, odd servers, firewalls, certificates, a small disk.

Rules: everything listens on loopback or in a network namespace of its own; everything is stopped and taken away when
its user is done, has failed, or was killed. These modules know nothing of dtsconf.
"""
