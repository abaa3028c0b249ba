"""The ELBv2 controllers: every Application Load Balancer has its HAProxy.

Also here: host ports, and the translation of the API's records into the balancer's settings.
"""
