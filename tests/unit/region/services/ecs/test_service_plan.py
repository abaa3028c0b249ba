"""Which tasks a service starts and stops: a table of cases, and what must hold in every case."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drydock.region.services.ecs.controller.service_plan import (
    Attempt,
    ServicePlan,
    TaskView,
    failures_in_a_row,
    plan,
    start_delay,
)


def task(
    arn: str,
    deployment: str = "new",
    state: str = "healthy",
    order: float = 0,
    *,
    protected: bool = False,
) -> TaskView:
    """state: healthy, running (not healthy yet), pending, failing, leaving."""
    return TaskView(
        arn=arn,
        deployment=deployment,
        wanted=state != "leaving",
        running=state in ("healthy", "running", "failing"),
        healthy=state == "healthy",
        failing=state == "failing",
        order=order,
        protected=protected,
    )


CASES = [
    ("a new service starts all", 2, [], ServicePlan(start=2)),
    ("a full one does nothing", 2, [task("a"), task("b")], ServicePlan()),
    ("pending tasks count", 2, [task("a", state="pending"), task("b")], ServicePlan()),
    ("a lost task is replaced", 2, [task("a")], ServicePlan(start=1)),
    ("a leaving task does not count", 2, [task("a"), task("b", state="leaving")], ServicePlan(1)),
    (
        "an unhealthy one is replaced",
        2,
        [task("a"), task("b", state="failing")],
        ServicePlan(1, ("b",), ("b",)),
    ),
    (
        "scale in takes the newest",
        1,
        [task("a", order=1), task("b", order=2)],
        ServicePlan(stop=("b",)),
    ),
    (
        "scale in takes what does not serve first",
        1,
        [task("a", order=1, state="pending"), task("b", order=2)],
        ServicePlan(stop=("a",)),
    ),
    (
        "scale in takes no protected one",
        1,
        [
            task("a", order=1),
            task("b", order=2, protected=True),
            task("c", order=3, protected=True),
        ],
        ServicePlan(stop=("a",)),
    ),
    (
        "a protected one whose health fails is replaced",
        1,
        [task("a", state="failing", protected=True)],
        ServicePlan(1, ("a",), ("a",)),
    ),
    (
        "a deployment leaves protected ones",
        2,
        [task("a", "old", protected=True), task("b", "old"), task("c"), task("d")],
        ServicePlan(stop=("b",)),
    ),
    ("to nothing", 0, [task("a"), task("b", "old")], ServicePlan(stop=("a", "b"))),
    (
        "a deployment starts beside the old tasks",
        2,
        [task("a", "old"), task("b", "old")],
        ServicePlan(start=2),
    ),
    (
        "the old ones stay until the new are healthy",
        2,
        [
            task("a", "old"),
            task("b", "old"),
            task("c", state="running"),
            task("d", state="pending"),
        ],
        ServicePlan(),
    ),
    (
        "one healthy new one lets one old one go",
        2,
        [
            task("a", "old", order=1),
            task("b", "old", order=2),
            task("c"),
            task("d", state="pending"),
        ],
        ServicePlan(stop=("a",)),
    ),
    (
        "old tasks that never became healthy go at once",
        2,
        [task("a", "old", "pending"), task("c", state="pending"), task("d", state="pending")],
        ServicePlan(stop=("a",)),
    ),
]


@pytest.mark.parametrize(("title", "desired", "tasks", "wanted"), CASES, ids=[c[0] for c in CASES])
def test_case(title: str, desired: int, tasks: list[TaskView], wanted: ServicePlan) -> None:
    assert plan(desired, "new", tasks) == wanted


def test_without_room_above_an_old_task_goes_first() -> None:
    old = [task("a", "old", order=1), task("b", "old", order=2)]
    assert plan(2, "new", old, minimum_percent=50, maximum_percent=100) == ServicePlan(
        start=1, stop=("a",)
    )


def test_what_never_became_healthy_makes_room_first() -> None:
    old = [task("a", "old", "running"), task("b", "old", "pending")]
    assert plan(2, "new", old, minimum_percent=0, maximum_percent=100) == ServicePlan(
        start=2, stop=("b", "a")
    )


def test_a_failed_deployment_starts_nothing_and_keeps_what_serves() -> None:
    tasks = [task("a", "old"), task("b", "old"), task("c", state="failing"), task("d")]
    steps = plan(2, "new", tasks, failed=True)
    assert steps == ServicePlan(stop=("c",), unhealthy=("c",))
    assert plan(0, "new", tasks, failed=True).stop == ("c", "d", "a", "b")


states = st.sampled_from(["healthy", "running", "pending", "failing", "leaving"])
views = st.lists(st.tuples(st.sampled_from(["new", "old"]), states), max_size=12).map(
    lambda pairs: [task(f"t{n}", d, s, n) for n, (d, s) in enumerate(pairs)]
)


@settings(max_examples=300, deadline=None)
@given(
    desired=st.integers(0, 6),
    tasks=views,
    minimum=st.sampled_from([0, 50, 100]),
    maximum=st.sampled_from([100, 150, 200]),
)
def test_it_keeps_both_bounds_and_comes_to_an_end(
    desired: int, tasks: list[TaskView], minimum: int, maximum: int
) -> None:
    if math.ceil(desired * minimum / 100) >= desired * maximum // 100:
        maximum = 200  # neither room above nor below: ECS is stuck there too
    for step in range(60):
        before = [one for one in tasks if one.wanted]
        steps = plan(desired, "new", tasks, minimum, maximum)
        if steps == ServicePlan() and step:
            break
        after = [one for one in before if one.arn not in steps.stop]
        ceiling = max(desired * maximum // 100, 1) if desired else 0
        assert steps.start == 0 or len(after) + steps.start <= ceiling
        stopped_healthy = [o for o in before if o.arn in steps.stop and o.healthy]
        if stopped_healthy and desired:
            floor = math.ceil(desired * minimum / 100)
            assert sum(one.healthy for one in after) >= min(floor, desired)
        # what was asked for comes true: stopped ones go, started ones become healthy
        tasks = [o for o in tasks if o.arn not in steps.stop and o.wanted and not o.failing]
        tasks = [task(o.arn, o.deployment, "healthy", o.order) for o in tasks]
        tasks += [task(f"s{step}-{n}", order=100 + step) for n in range(steps.start)]
    assert sorted(one.deployment for one in tasks) == ["new"] * desired


@settings(max_examples=200, deadline=None)
@given(
    desired=st.integers(0, 6),
    tasks=views,
    protected=st.sets(st.integers(0, 11)),
    bounds=st.sampled_from([(100, 200), (50, 200), (0, 100), (50, 100)]),
)
def test_a_protected_task_is_stopped_for_its_health_alone(
    desired: int, tasks: list[TaskView], protected: set[int], bounds: tuple[int, int]
) -> None:
    tasks = [replace(one, protected=n in protected) for n, one in enumerate(tasks)]
    steps = plan(desired, "new", tasks, *bounds)
    stopped = [one for one in tasks if one.arn in steps.stop]
    assert all(one.failing for one in stopped if one.protected)
    staying = [one for one in tasks if one.wanted and one.arn not in steps.stop]
    ceiling = max(desired * bounds[1] // 100, 1) if desired else 0
    assert steps.start == 0 or len(staying) + steps.start <= ceiling


class Simulation:
    """A service whose tasks come and go: what the plan asks for, and what chance makes of it."""

    def __init__(self, desired: int, minimum: int, maximum: int) -> None:
        self.desired, self.minimum, self.maximum = desired, minimum, maximum
        self.deployments = 1
        self.tasks: list[TaskView] = []
        self._made = 0

    @property
    def primary(self) -> str:
        return f"d{self.deployments}"

    def step(self) -> ServicePlan:
        """One pass of the controller; both bounds are checked."""
        steps = plan(self.desired, self.primary, self.tasks, self.minimum, self.maximum)
        ceiling = max(self.desired * self.maximum // 100, 1) if self.desired else 0
        floor = math.ceil(self.desired * self.minimum / 100)
        before = sum(one.healthy for one in self.tasks)
        self.tasks = [one for one in self.tasks if one.arn not in steps.stop]
        healthy = sum(one.healthy for one in self.tasks)
        assert healthy == before or healthy >= floor
        for _ in range(steps.start):
            self._made += 1
            self.tasks.append(task(f"t{self._made}", self.primary, "pending", self._made))
        assert steps.start == 0 or len(self.tasks) <= ceiling
        return steps

    def become(self, arn: str, state: str) -> None:
        """A task has another state, or (gone) is no more."""
        others = [one for one in self.tasks if one.arn != arn]
        (own,) = [one for one in self.tasks if one.arn == arn]
        changed = [] if state == "gone" else [task(arn, own.deployment, state, own.order)]
        self.tasks = [*others, *changed]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_whatever_happens_meanwhile_the_bounds_hold_and_the_newest_deployment_ends(
    data: st.DataObject,
) -> None:
    bounds = st.sampled_from([(100, 200), (50, 200), (0, 100), (50, 100), (100, 150)])
    minimum, maximum = data.draw(bounds)
    world = Simulation(data.draw(st.integers(1, 6)), minimum, maximum)
    for _ in range(data.draw(st.integers(0, 25))):
        world.step()
        event = data.draw(st.sampled_from(["task", "task", "task", "deploy", "scale"]))
        if event == "deploy":
            world.deployments += 1
        elif event == "scale":
            world.desired = data.draw(st.integers(0, 6))
        elif world.tasks:
            arn = data.draw(st.sampled_from([one.arn for one in world.tasks]))
            world.become(arn, data.draw(st.sampled_from(["running", "healthy", "failing", "gone"])))
    if world.desired * maximum // 100 <= math.ceil(world.desired * minimum / 100):
        world.maximum = 200  # no room below nor above: ECS is stuck there too
    for _ in range(60):
        for one in [one for one in world.tasks if not one.failing]:
            world.become(one.arn, "healthy")
        if world.step() == ServicePlan():
            break
    assert [one.deployment for one in world.tasks] == [world.primary] * world.desired


def test_the_first_failure_is_replaced_at_once_and_later_ones_wait_longer() -> None:
    assert [start_delay(n) for n in range(5)] == [0, 0, 2, 4, 8]
    assert start_delay(40) == 300


def test_a_round_of_failures_counts_once() -> None:
    assert [start_delay(n, desired=2) for n in (1, 2, 3, 4, 5, 7)] == [0, 0, 2, 2, 4, 8]
    assert start_delay(10_000, desired=0) == 300


def test_failures_side_by_side_see_each_other() -> None:
    starting = Attempt(failed=False, ended=None, served=False)
    failed = [Attempt(failed=True, ended=when, served=False) for when in (30.0, 40.0, 20.0)]
    served = Attempt(failed=True, ended=10.0, served=True)
    scaled_in = Attempt(failed=False, ended=35.0, served=False)
    assert failures_in_a_row([]) == (0, None)
    assert failures_in_a_row([starting, failed[0], scaled_in, *failed[1:]]) == (3, 40.0)
    assert failures_in_a_row([starting, failed[0], served, *failed[1:]]) == (1, 30.0)
    assert failures_in_a_row([served, *failed]) == (0, None)
