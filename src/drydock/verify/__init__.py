"""Checks of a stack that speak the AWS API alone: who can reach whom, what it costs.

model, network          a network as EC2 describes it        (plain data)
filters, journey,       AWS's rules on it                    (pure)
  semantics
parse, collect, facts   the API's answers                    (asks)
tiers, matrix           who should reach whom, and does      (pure)
absent                  what a local region takes and does not do  (asks)
probe                   the seam to who can send packets
cost                    what a stack costs, from its plan's JSON  (pure)

What only the local region knows stays out; a prober is passed in.
"""
