"""Analyse who can reach whom in a network, from the AWS API: as declared, observed and expected.

model, network          a network as EC2 describes it        (plain data)
filters, journey,       AWS's rules on it                    (pure)
  semantics
parse, collect, facts   the API's answers                    (ask the API)
tiers, matrix           who should reach whom, and does      (pure)
probe                   the interface to a sender of packets
egress_diagnosis        why a task cannot reach its image, secrets or logs  (asks the API)

Nothing here depends on the local region's internals; a prober is passed in.
"""
