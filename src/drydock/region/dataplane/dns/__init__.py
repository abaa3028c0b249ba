"""What a name server answers, as pure functions: zones and a question in, an answer out.

No sockets (they are `network.dns`), nothing of AWS's API (`api.names` makes the zones).
"""
