# Until November 2026 zones were counted. Where the zones of a stack are not the first letters in order
# (a and c, say), move the others by hand before the first plan: README.md.

moved {
  from = aws_subnet.public[0]
  to   = aws_subnet.public["a"]
}
moved {
  from = aws_subnet.public[1]
  to   = aws_subnet.public["b"]
}
moved {
  from = aws_subnet.public[2]
  to   = aws_subnet.public["c"]
}
moved {
  from = aws_subnet.public[3]
  to   = aws_subnet.public["d"]
}
moved {
  from = aws_subnet.private[0]
  to   = aws_subnet.private["a"]
}
moved {
  from = aws_subnet.private[1]
  to   = aws_subnet.private["b"]
}
moved {
  from = aws_subnet.private[2]
  to   = aws_subnet.private["c"]
}
moved {
  from = aws_subnet.private[3]
  to   = aws_subnet.private["d"]
}
moved {
  from = aws_subnet.database[0]
  to   = aws_subnet.database["a"]
}
moved {
  from = aws_subnet.database[1]
  to   = aws_subnet.database["b"]
}
moved {
  from = aws_subnet.database[2]
  to   = aws_subnet.database["c"]
}
moved {
  from = aws_subnet.database[3]
  to   = aws_subnet.database["d"]
}
moved {
  from = aws_route_table_association.public[0]
  to   = aws_route_table_association.public["a"]
}
moved {
  from = aws_route_table_association.public[1]
  to   = aws_route_table_association.public["b"]
}
moved {
  from = aws_route_table_association.public[2]
  to   = aws_route_table_association.public["c"]
}
moved {
  from = aws_route_table_association.public[3]
  to   = aws_route_table_association.public["d"]
}
moved {
  from = aws_route_table.private[0]
  to   = aws_route_table.private["a"]
}
moved {
  from = aws_route_table.private[1]
  to   = aws_route_table.private["b"]
}
moved {
  from = aws_route_table.private[2]
  to   = aws_route_table.private["c"]
}
moved {
  from = aws_route_table.private[3]
  to   = aws_route_table.private["d"]
}
moved {
  from = aws_route_table_association.private[0]
  to   = aws_route_table_association.private["a"]
}
moved {
  from = aws_route_table_association.private[1]
  to   = aws_route_table_association.private["b"]
}
moved {
  from = aws_route_table_association.private[2]
  to   = aws_route_table_association.private["c"]
}
moved {
  from = aws_route_table_association.private[3]
  to   = aws_route_table_association.private["d"]
}
moved {
  from = aws_route_table_association.database[0]
  to   = aws_route_table_association.database["a"]
}
moved {
  from = aws_route_table_association.database[1]
  to   = aws_route_table_association.database["b"]
}
moved {
  from = aws_route_table_association.database[2]
  to   = aws_route_table_association.database["c"]
}
moved {
  from = aws_route_table_association.database[3]
  to   = aws_route_table_association.database["d"]
}
moved {
  from = aws_eip.nat[0]
  to   = aws_eip.nat["a"]
}
moved {
  from = aws_eip.nat[1]
  to   = aws_eip.nat["b"]
}
moved {
  from = aws_eip.nat[2]
  to   = aws_eip.nat["c"]
}
moved {
  from = aws_eip.nat[3]
  to   = aws_eip.nat["d"]
}
moved {
  from = aws_nat_gateway.this[0]
  to   = aws_nat_gateway.this["a"]
}
moved {
  from = aws_nat_gateway.this[1]
  to   = aws_nat_gateway.this["b"]
}
moved {
  from = aws_nat_gateway.this[2]
  to   = aws_nat_gateway.this["c"]
}
moved {
  from = aws_nat_gateway.this[3]
  to   = aws_nat_gateway.this["d"]
}
moved {
  from = aws_route.nat[0]
  to   = aws_route.nat["a"]
}
moved {
  from = aws_route.nat[1]
  to   = aws_route.nat["b"]
}
moved {
  from = aws_route.nat[2]
  to   = aws_route.nat["c"]
}
moved {
  from = aws_route.nat[3]
  to   = aws_route.nat["d"]
}
moved {
  from = aws_subnet.made_private[0]
  to   = aws_subnet.made_private["a"]
}
moved {
  from = aws_subnet.made_private[1]
  to   = aws_subnet.made_private["b"]
}
moved {
  from = aws_subnet.made_private[2]
  to   = aws_subnet.made_private["c"]
}
moved {
  from = aws_subnet.made_private[3]
  to   = aws_subnet.made_private["d"]
}
moved {
  from = aws_subnet.made_database[0]
  to   = aws_subnet.made_database["a"]
}
moved {
  from = aws_subnet.made_database[1]
  to   = aws_subnet.made_database["b"]
}
moved {
  from = aws_subnet.made_database[2]
  to   = aws_subnet.made_database["c"]
}
moved {
  from = aws_subnet.made_database[3]
  to   = aws_subnet.made_database["d"]
}
moved {
  from = aws_route_table.made_private[0]
  to   = aws_route_table.made_private["a"]
}
moved {
  from = aws_route_table.made_private[1]
  to   = aws_route_table.made_private["b"]
}
moved {
  from = aws_route_table.made_private[2]
  to   = aws_route_table.made_private["c"]
}
moved {
  from = aws_route_table.made_private[3]
  to   = aws_route_table.made_private["d"]
}
moved {
  from = aws_route_table_association.made_private[0]
  to   = aws_route_table_association.made_private["a"]
}
moved {
  from = aws_route_table_association.made_private[1]
  to   = aws_route_table_association.made_private["b"]
}
moved {
  from = aws_route_table_association.made_private[2]
  to   = aws_route_table_association.made_private["c"]
}
moved {
  from = aws_route_table_association.made_private[3]
  to   = aws_route_table_association.made_private["d"]
}
moved {
  from = aws_route_table_association.made_database[0]
  to   = aws_route_table_association.made_database["a"]
}
moved {
  from = aws_route_table_association.made_database[1]
  to   = aws_route_table_association.made_database["b"]
}
moved {
  from = aws_route_table_association.made_database[2]
  to   = aws_route_table_association.made_database["c"]
}
moved {
  from = aws_route_table_association.made_database[3]
  to   = aws_route_table_association.made_database["d"]
}
moved {
  from = aws_eip.made_nat[0]
  to   = aws_eip.made_nat["a"]
}
moved {
  from = aws_eip.made_nat[1]
  to   = aws_eip.made_nat["b"]
}
moved {
  from = aws_eip.made_nat[2]
  to   = aws_eip.made_nat["c"]
}
moved {
  from = aws_eip.made_nat[3]
  to   = aws_eip.made_nat["d"]
}
moved {
  from = aws_nat_gateway.made[0]
  to   = aws_nat_gateway.made["a"]
}
moved {
  from = aws_nat_gateway.made[1]
  to   = aws_nat_gateway.made["b"]
}
moved {
  from = aws_nat_gateway.made[2]
  to   = aws_nat_gateway.made["c"]
}
moved {
  from = aws_nat_gateway.made[3]
  to   = aws_nat_gateway.made["d"]
}
moved {
  from = aws_route.made_nat[0]
  to   = aws_route.made_nat["a"]
}
moved {
  from = aws_route.made_nat[1]
  to   = aws_route.made_nat["b"]
}
moved {
  from = aws_route.made_nat[2]
  to   = aws_route.made_nat["c"]
}
moved {
  from = aws_route.made_nat[3]
  to   = aws_route.made_nat["d"]
}
