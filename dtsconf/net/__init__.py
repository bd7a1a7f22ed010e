"""What any connection needs, whatever is spoken over it: addresses, certificates, what the system's errors mean.

connect       host name -> connected socket, bounded in time (RFC 8305)
hostname      what this machine calls itself
certificate   what a certificate says
limits        an end in time for what has none
meaning       error numbers of the system and of TLS -> cause (pure)
"""
