"""A small random VPC: groups, ACLs, routes, gateways. The same seed creates the same VPC."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.support.packets import ALL, ANYWHERE, Eni, Entry, Packets, everything, rule, tcp

CLIENT = "203.0.113.10"
SERVICES = "198.18.0.0/24"
_PORTS: list[int | tuple[int, int]] = [80, 443, (80, 90), (1, 1000), (0, 65535), (3000, 3000)]


@dataclass
class RandomVpc:
    """Builds a random VPC through the API."""

    net: Packets
    random: Random
    enis: list[Eni] = field(default_factory=list)
    public: dict[str, str] = field(default_factory=dict)
    """ENI → its public address."""
    _nats: list[str] = field(default_factory=list)

    def build(self) -> None:
        net, random = self.net, self.random
        subnets = [net.subnet(zone) for zone in "abc"]
        gateway = net.internet_gateway() if random.random() < 0.85 else ""
        self._routes(subnets, gateway)
        groups = [net.group(egress=self._egress()) for _ in range(4)]
        prefixes = self._prefix_list()
        for group in groups:
            rules = [self._rule([*groups, prefixes]) for _ in range(random.randint(0, 3))]
            for n, one in enumerate(rules):
                if one not in rules[:n]:
                    net.allow(group, one)
        self._outward(groups)
        for _ in range(5):
            chosen = random.sample(groups, random.randint(1, 3))
            eni = net.eni(random.choice(subnets), *chosen)
            self.enis.append(eni)
            if random.random() < 0.5:
                self.public[eni.eni_id] = net.elastic(eni)
        for subnet in subnets:
            if random.random() < 0.4:
                net.acl(subnet, ingress=self._entries(), egress=self._entries())

    def clear(self) -> None:
        for nat in self._nats:
            self.net.ec2.delete_nat_gateway(NatGatewayId=nat)
        self.net.clear()

    # -- routes

    def _routes(self, subnets: list[str], gateway: str) -> None:
        net, random = self.net, self.random
        targets: list[dict[str, str]] = [{"GatewayId": gateway}] * 4 if gateway else []
        for _ in range(random.randint(0, 2)):
            nat, _address = net.nat(random.choice(subnets))
            self._nats.append(nat)
            targets.append({"NatGatewayId": nat})
        gone, _address = net.nat(subnets[0])
        targets.append({"NatGatewayId": gone})
        own = [net.table(subnet) for subnet in subnets if random.random() < 0.6]
        tables = [net.main_table, *own]
        for table in tables:
            if random.random() < 0.9:
                net.route(table, ANYWHERE, **random.choice(targets))
            if random.random() < 0.3:
                net.route(table, SERVICES, **random.choice(targets))
        net.ec2.delete_nat_gateway(NatGatewayId=gone)
        if random.random() < 0.4:
            net.ec2.create_vpc_endpoint(
                VpcId=net.vpc,
                ServiceName=f"com.amazonaws.{net.region.record.region}.s3",
                VpcEndpointType="Gateway",
                RouteTableIds=random.sample(tables, random.randint(1, len(tables))),
            )

    # -- groups

    def _network(self) -> str:
        net = self.net.network
        inside = [f"{net}.{self.random.randint(0, 2)}.0/24"]
        inside += [f"{net}.0.0/16", f"{net}.0.{self.random.randint(4, 6)}/32"]
        return self.random.choice([ANYWHERE, ANYWHERE, *inside, f"{CLIENT}/32", "198.18.0.0/15"])

    def _rule(self, named: list[str]) -> dict[str, Any]:
        random = self.random
        peer = random.choice([self._network(), random.choice(named)])
        kind = random.random()
        if kind < 0.2:
            return everything(peer)
        if kind < 0.35:
            return rule("icmp", random.choice([(-1, -1), (8, -1), (8, 0), (0, 0)]), peer)
        return tcp(random.choice(_PORTS), peer)

    def _egress(self) -> list[dict[str, Any]] | None:
        return None if self.random.random() < 0.5 else []

    def _outward(self, groups: list[str]) -> None:
        """Add an egress rule to most groups that were created without AWS's default one."""
        found = self.net.ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"]
        for one in found:
            if not one["IpPermissionsEgress"] and self.random.random() < 0.8:
                self.net.ec2.authorize_security_group_egress(
                    GroupId=one["GroupId"], IpPermissions=[self._rule(groups)]
                )

    def _prefix_list(self) -> str:
        blocks = {self._network() for _ in range(2)}
        made: str = self.net.ec2.create_managed_prefix_list(
            PrefixListName="random",
            AddressFamily="IPv4",
            MaxEntries=5,
            Entries=[{"Cidr": one} for one in sorted(blocks)],
        )["PrefixList"]["PrefixListId"]
        return made

    # -- ACLs

    def _entries(self) -> list[Entry]:
        """Return ACL entries that never split the range of client ports: a client may use any of them."""
        random = self.random
        made = []
        for number in random.sample(range(1, 99), random.randint(0, 3)):
            allow = random.random() < 0.5
            kind = random.random()
            if kind < 0.7:
                ports = random.choice([(80, 80), (443, 443), (0, 1023), (1024, 65535)])
                made.append(Entry(number, "6", ports, self._network(), allow))
            elif kind < 0.85:
                made.append(Entry(number, "1", random.choice([(8, -1), (0, 0)]), ANYWHERE, allow))
            else:
                made.append(Entry(number, network=self._network(), allow=allow))
        return [*made, ALL] if random.random() < 0.8 else made
