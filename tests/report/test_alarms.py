"""Alerts of one cause are one incident: who is first, who is worst, when it opens and is over."""

from __future__ import annotations

from histories import Story

from brownout.model import Event
from brownout.report import alarms


def many() -> Story:
    """A bad release at 40 s: 23 alerts from 48 s on, the worst at 52 s; all over at 100 s."""
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").alert(48, "A1", since=41)
    for number in range(2, 24):
        worst = {"value": 900.0, "subject": "GET /"} if number == 6 else {}
        story.alert(46 + number, f"A{number}", **worst)
    story.alert(70, "A24", signal="cpu", subject="web", value=50.0, threshold=0.5, unit="cores")
    for number in range(1, 25):
        story.alert(100, f"A{number}", "resolved")
    return story


def news(events: list[Event], t: float) -> list[str]:
    return [value["text"] for value in alarms.news(events, t)]


def test_alerts_after_one_change_are_one_incident() -> None:
    [group] = alarms.groups(many().events)
    assert alarms.told(group) == (
        "24 alerts since 41 s: first p95 of GET /api/books/{id}/ 22 -> 310 ms, "
        "worst p95 of GET / 22 -> 900 ms"
    )
    assert (group.firing, group.calm_since, group.over(129), group.over(130)) == (
        0,
        100,
        False,
        True,
    )


def test_it_is_told_when_it_opens_and_when_it_is_over() -> None:
    story = many()
    fired = [e for e in story.events if e.t <= 48]
    [text] = news(fired, 48)
    assert text == "incident I1 since 41 s: p95 of GET /api/books/{id}/ 22 -> 310 ms"
    assert len(news(story.events, 99)) == 1  # nobody was told yet
    story.info(48, "incident", id="I1", state="open", text=text)
    assert news(story.events, 110) == []
    [over] = news(story.events, 130)
    assert over.startswith("incident I1 over after 59 s: 24 alerts since 41 s: first p95 of ")
    story.info(130, "incident", id="I1", state="over", text=over)
    assert news(story.events, 200) == []


def test_what_comes_back_at_once_is_the_same_and_after_a_calm_another() -> None:
    again = many().alert(120, "A25").events
    assert [len(group.alerts) for group in alarms.groups(again)] == [25]
    later = many().alert(131, "A25").events
    assert [len(group.alerts) for group in alarms.groups(later)] == [24, 1]


def test_another_change_is_another_cause_unless_it_is_a_player_s() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").alert(48, "A1")
    story.change(55, 2, "v2.7.0", "v2.8.0", by="player").alert(60, "A2")
    story.change(70, 3, "v2.9.0", "v2.7.0").alert(75, "A3")
    assert [[a.value["id"] for a in group.alerts] for group in alarms.groups(story.events)] == [
        ["A1", "A2"],
        ["A3"],
    ]


def test_a_slow_deployment_s_alerts_are_one_incident_whenever_their_evidence_began() -> None:
    story = Story().incident(30).change(61, 1, "v2.8.0", "v2.7.0")
    for t, name, since in ((83, "A1", 67), (91, "A2", 81), (93, "A3", 66), (94, "A4", 83)):
        story.alert(t, name, since=since)
    [group] = alarms.groups(story.events)
    assert (len(group.alerts), group.since) == (4, 66)


def test_what_an_older_change_caused_joins_its_own_incident() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").alert(48, "A1")
    story.change(60, 2, "v2.9.0", "v2.8.0").alert(65, "A2").alert(66, "A3", since=50)
    assert [[a.value["id"] for a in group.alerts] for group in alarms.groups(story.events)] == [
        ["A1", "A3"],
        ["A2"],
    ]


def test_all_is_what_fires_then() -> None:
    story = Story().incident(30).alert(40, "A1").alert(41, "A2").alert(45, "A1", "resolved")
    story.op(50, "ack", {"alert": "all"}, {}).alert(55, "A3")
    assert alarms.acknowledged(story.events) == ["A2"]
    assert alarms.firing(story.events) == ["A2", "A3"]


def test_figures_have_their_units() -> None:
    cpu = {"signal": "cpu", "subject": "web", "baseline": 0.52, "value": 1.234, "unit": "cores"}
    assert alarms.brief(cpu) == "CPU of web 0.52 -> 1.2 cores"
    errors = {"signal": "errors", "subject": "GET /", "baseline": 0, "value": 40.4, "unit": "%"}
    assert alarms.brief(errors) == "errors of GET / 0 -> 40 %"
