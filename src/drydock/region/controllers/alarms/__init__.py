"""CloudWatch's alarms: evaluated every minute of region time, and their actions carried out.

Planning is pure (`evaluation`, `words`); `controller` looks, writes and acts.
"""
