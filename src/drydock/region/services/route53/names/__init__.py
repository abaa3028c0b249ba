"""Turn the API's records into zones and views for `drydock.region.dataplane.dns`. Read-only.

Called under the store's lock; the results are plain data that may be kept.
"""
