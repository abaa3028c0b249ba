"""What several tests share: fake parts, waiting with a deadline, a region to talk to."""
