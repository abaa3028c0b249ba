"""The name servers' answers, as pure functions of zones and a question.

No sockets (they are in `network.dns`), independent of AWS's API (`services.route53.names` makes the
zones).
"""
