"""Operations: VPCs, subnets, routes, security groups, network ACLs, interfaces, endpoints."""
