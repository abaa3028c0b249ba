"""The region's certificate authority: real X.509 from a root that each region makes for itself.

Here are issuing and the authority's storage; callers decide who may have a certificate.
"""
