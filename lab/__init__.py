"""A real mail system on loopback, in one folder, with faults to inject: Debian's slapd, Postfix, Dovecot, nsd and Mosquitto.

Started with `python -m lab up`. Nothing of the product imports it; it imports the values of `probe` at most.
"""
