"""Elastic Load Balancing v2: every Application Load Balancer has its HAProxy.

Here belong the controller, host ports, and the translation of the API's words into the balancer's.
"""
