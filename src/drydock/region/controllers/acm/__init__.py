"""The controller of certificates: proven over DNS, then issued by the region's authority, and renewed.

Here belongs when a certificate is issued; how one is made belongs to `region/certificates`.
"""
