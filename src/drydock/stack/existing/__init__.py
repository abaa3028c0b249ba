"""Resources that a plan wants to create and that exist already, found by names that AWS keeps unique.

This package only looks and changes nothing. It lets `plan` notice a stack whose state was lost.
"""
