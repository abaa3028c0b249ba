"""What has to stand in an account before the stack: the state's bucket, and who may deploy.

Deciding is pure (`rights`, `policies`, `trust`); `bucket` and `identity` make it so through boto3.
"""
