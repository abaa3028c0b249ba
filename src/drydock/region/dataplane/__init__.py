"""What carries packets and runs programs: networks, tasks, load balancers, databases. It knows nothing of AWS's API."""
