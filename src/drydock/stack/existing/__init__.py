"""What a plan wants to create and what is there already, by the names that AWS lets be used once.

Here belongs looking only: nothing is changed. A stack whose state was lost is noticed by it at plan.
"""
