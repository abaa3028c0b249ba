"""What a stack costs, from the JSON of its plan or state and AWS's list prices: pure, but for `current`.

prices      AWS's published prices, data with source and date (prices.toml)
meters      which prices a resource is charged by, and how many units of each
free        kinds that nothing is charged for
current     the same prices, asked of AWS today
estimate    sums, what is not counted, what has no known price
"""
