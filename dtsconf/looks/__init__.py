"""Looks on the side after a failure: what tells a wrong name from a dead network, a firewall here from one there.

    case          the failure, and the bounds: 2 s a look, 5 s in all
    names         what the name servers say; hosts, the hosts file; answers, an address that is no server's;
                  hostsfile and resolvconf, the lines of these files
    lookups       how this machine looks names up: files that can't be read, slips in them, a DNS that isn't asked
    attempt       a connection under the kernel's counters; surroundings, this machine's routes and neighbours
    network       all of these at once; findings, what was seen; own, what of it is this machine's own fault
    https         no answer from the sign-in server or Graph; asked, outgoing, proxy, roots and between are its parts
    portal        a guest network's sign-in page; products, who inspects TLS; clock, whose clock is wrong

For whatever is spoken over the connection: `mail.evidence` looks further where it is SMTP. Looks go to the configured
host, and to this machine's resolver, gateway and loopback; they carry no credentials.
"""
