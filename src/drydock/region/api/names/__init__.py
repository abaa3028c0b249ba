"""What the API's records make of names: zones and views for `drydock.region.dns`. Reads, never changes.

Called under the store's lock; what comes back is plain data that may be kept.
"""
