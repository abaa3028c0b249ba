"""Alarms: statistics of a period, the periods themselves, what missing data mean, and the words."""

from __future__ import annotations

import json

import pytest

from drydock.region.services.cloudwatch.controller import words
from drydock.region.services.cloudwatch.controller.evaluation import (
    Datapoint,
    Rule,
    Verdict,
    datapoints,
    evaluate,
    statistic,
)
from drydock.region.services.cloudwatch.operations.backend import Value

HIGH = Rule("Average", "GreaterThanThreshold", 70.0, periods=3, datapoints=3)


def value(at: float, number: float, unit: str = "Percent") -> Value:
    return Value(at, unit, number, 1, number, number)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Average", 5.0),
        ("Sum", 20.0),
        ("Minimum", 1.0),
        ("Maximum", 9.0),
        ("SampleCount", 4.0),
        ("p50", 4.0),
        ("p75", 6.0),
        ("p99.9", 9.0),
        ("p100", 9.0),
    ],
)
def test_statistics(name: str, expected: float) -> None:
    values = [value(0, one) for one in (9.0, 1.0, 6.0, 4.0)]
    assert statistic(values, name) == expected


def test_values_that_were_put_together_weigh_as_many() -> None:
    together = [Value(0, None, 30.0, 3, 5.0, 15.0), value(0, 2.0)]
    assert statistic(together, "Average") == 8.0
    assert statistic(together, "Maximum") == 15.0
    assert statistic(together, "p50") == 10.0


def test_nothing_has_no_statistic_and_an_unknown_one_is_refused() -> None:
    assert statistic([], "Average") is None
    assert statistic([], "SampleCount") is None
    with pytest.raises(ValueError, match="tm90"):
        statistic([value(0, 1.0)], "tm90")


def test_periods_have_their_beginning_and_not_their_end() -> None:
    values = [value(58, 1.0), value(60, 2.0), value(69.9, 4.0), value(70, 9.0)]
    found = datapoints(HIGH, values, end=70, length=10)
    assert [None if one is None else (one.at, one.value) for one in found] == [
        (60, 3.0),
        (50, 1.0),
        None,
        None,
        None,
    ]


def test_an_alarm_with_a_unit_sees_that_unit_alone() -> None:
    rule = Rule("Sum", "GreaterThanThreshold", 1.0, 1, 1, unit="Count")
    values = [value(5, 3.0), value(6, 4.0, "Count")]
    assert datapoints(rule, values, 10, 10)[0] == Datapoint(0, 4.0, 1)


def points(drawn: str) -> list[Datapoint | None]:
    """As CloudWatch's documentation draws them: X breaching, 0 not, - missing; the newest last."""
    numbers = {"X": 90.0, "0": 10.0}
    marks = list(reversed(drawn.replace(" ", "")))
    return [
        Datapoint(-60.0 * n, numbers[mark], 1) if mark in numbers else None
        for n, mark in enumerate(marks)
    ]


# each: the points, then the state with missing data as missing, ignore, breaching, notBreaching;
# "same" is the state before
THREE_OF_THREE = [
    ("0 - X - X", "OK", "OK", "OK", "OK"),
    ("- - - - 0", "OK", "OK", "OK", "OK"),
    ("- - - - -", "INSUFFICIENT_DATA", "same", "ALARM", "OK"),
    ("0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("- - X - -", "ALARM", "same", "ALARM", "OK"),
    ("- - - - X", "same", "same", "ALARM", "OK"),
    ("0 0 X X X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("X X X X 0", "OK", "OK", "OK", "OK"),
]
TWO_OF_THREE = [
    ("0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 - X - -", "OK", "OK", "ALARM", "OK"),
    ("- - - - 0", "OK", "OK", "ALARM", "OK"),
    ("- - - - X", "same", "same", "ALARM", "OK"),
    ("0 0 0 0 X", "OK", "OK", "OK", "OK"),
]
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


@pytest.mark.parametrize(
    ("least", "drawn", "treatment", "expected"),
    [
        (least, drawn, treatment, state)
        for least, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
        for drawn, *states in table
        for treatment, state in zip(TREATMENTS, states, strict=True)
    ],
)
def test_missing_data(least: int, drawn: str, treatment: str, expected: str) -> None:
    rule = Rule("Average", "GreaterThanThreshold", 70.0, 3, least, missing=treatment)
    if expected == "same":
        for before in ("OK", "ALARM", "INSUFFICIENT_DATA"):
            assert evaluate(rule, points(drawn), before).state == before
    else:
        assert evaluate(rule, points(drawn), "OK").state == expected


@pytest.mark.parametrize(
    ("comparison", "at_threshold", "above"),
    [
        ("GreaterThanThreshold", "OK", "ALARM"),
        ("GreaterThanOrEqualToThreshold", "ALARM", "ALARM"),
        ("LessThanThreshold", "OK", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "OK"),
    ],
)
def test_comparisons(comparison: str, at_threshold: str, above: str) -> None:
    rule = Rule("Average", comparison, 70.0, 1, 1)
    for number, expected in ((70.0, at_threshold), (70.1, above)):
        assert evaluate(rule, [Datapoint(0, number, 1)], "OK").state == expected


def test_words() -> None:
    alarm = Verdict("ALARM", tuple(Datapoint(60.0 * n, 90.0, 1) for n in (2, 1, 0)))
    assert words.reason(HIGH, alarm, "OK") == (
        "Threshold Crossed: 3 out of the last 3 datapoints [90.0 (01/01/70 00:02:00), "
        "90.0 (01/01/70 00:01:00), 90.0 (01/01/70 00:00:00)] were greater than the threshold (70.0) "
        "(minimum 3 datapoints for OK -> ALARM transition)."
    )
    fine = Verdict("OK", (Datapoint(0, 1.0, 1),))
    one = Rule("Average", "LessThanThreshold", 0.5, 1, 1)
    assert words.reason(one, fine, "ALARM") == (
        "Threshold Crossed: 1 datapoint [1.0 (01/01/70 00:00:00)] was not less than the threshold (0.5)."
    )
    nothing = Verdict("INSUFFICIENT_DATA", (), 3)
    assert words.reason(HIGH, nothing, "OK") == "Insufficient Data: 3 datapoints were unknown."
    treated = Rule("Average", "GreaterThanThreshold", 70.0, 1, 1, missing="notBreaching")
    assert words.reason(treated, Verdict("OK", (), 1), "ALARM") == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was "
        "treated as [NonBreaching]."
    )


def test_reason_data() -> None:
    verdict = Verdict("ALARM", (Datapoint(60, 90.0, 2), Datapoint(0, 80.0, 1)))
    data = json.loads(words.reason_data(HIGH, verdict, 60, 120.0))
    assert data["recentDatapoints"] == [80.0, 90.0]
    assert data["startDate"] == "1970-01-01T00:00:00.000+0000"
    assert (data["statistic"], data["period"], data["threshold"]) == ("Average", 60, 70.0)
    assert data["evaluatedDatapoints"][0] == {
        "timestamp": "1970-01-01T00:01:00.000+0000",
        "sampleCount": 2,
        "value": 90.0,
    }
