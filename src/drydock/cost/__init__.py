"""Estimate a stack's cost from the JSON of its plan or state and AWS's list prices. Pure, but for `current`.

prices      AWS's published prices, data with source and date (prices.toml)
meters      which prices a resource is charged by, and how many units of each
free        resource types that are free of charge
current     the same prices, read from AWS today
estimate    sums, what is not counted, what has no known price
"""
