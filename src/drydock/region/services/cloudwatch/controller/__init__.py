"""The controller of CloudWatch's alarms: evaluated every minute of region time, with their actions.

`evaluation` and `words` are pure; `controller` reads, writes and acts.
"""
