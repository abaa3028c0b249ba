"""Helpers that several tests share: fakes, waiting with a deadline, a running region."""
