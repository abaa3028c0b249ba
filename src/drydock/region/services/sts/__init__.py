"""STS: the identity of callers, and sessions of roles."""
