"""Create what an account needs before the stack: the state's bucket, and the roles of its pipeline.

Decisions are pure (`rights`, `policies`, `trust`); `bucket` and `identity` carry them out with boto3.
"""
