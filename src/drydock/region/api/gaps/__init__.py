"""What moto forgets or lacks and a real client needs, one file per AWS service.

Only subclasses of moto's backends and responses; each names the moto version in which the gap was seen.
"""
