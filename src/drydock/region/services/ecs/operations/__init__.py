"""Operations: clusters, task definitions, services, deployments and tasks."""
