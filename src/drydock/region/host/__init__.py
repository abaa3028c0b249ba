"""The parts in the host's namespaces: the porter, and starting and finding a region from outside."""
