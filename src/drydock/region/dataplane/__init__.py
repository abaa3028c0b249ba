"""The data plane: networks, tasks, load balancers, databases. It is independent of AWS's API."""
