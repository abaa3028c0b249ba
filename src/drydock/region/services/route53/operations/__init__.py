"""Operations: hosted zones, record sets and health checks."""
