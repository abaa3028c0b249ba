"""Operations: load balancers, listeners, rules, target groups and their attributes."""
