"""Application Auto Scaling: scalable targets of ECS's services, and their policies."""
