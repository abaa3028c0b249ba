"""Access to any AWS endpoint, local or AWS: targets, clients, error translation, waiting."""
