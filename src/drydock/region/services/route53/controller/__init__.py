"""The controllers of Route 53: the name servers' answers, and health checks that really probe."""
