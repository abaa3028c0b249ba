"""The controller of certificates: validated over DNS, issued by the region, and renewed.

Here is when a certificate is issued; how one is made is in `region/dataplane/certificates`.
"""
