"""The AWS services of the region, one folder each: service.py, records.py, operations/, controller/.

`drydock.region.daemon.services` lists them. They see of each other records and what `__init__` offers.
"""
