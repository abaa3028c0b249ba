"""The region's certificate authority: real X.509 from a root that each region makes for itself.

Here belongs issuing and where the authority is kept; who may have a certificate belongs to the callers.
"""
