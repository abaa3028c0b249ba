"""Amazon SNS: topics, whose messages moto records."""
