#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ranks, gates, badges, efficiency and choices: every method with good, bad, repeated and refused arguments, and what reaches Twenty."""
import datetime
import json
import time

from probe import *  # noqa: F403
from common import FIRST_DEAL, ON_SERVER, parametrize, refused, run as run_tests

DAY = 86400 * 1000000  # µs
# The table of ranks: level, deals, badges, modules, and the rest of the gates as (kind, id).
RANKS = {"E-2": (3, 2, {"opener_elite": "bronze"}, range(2), []),
         "E-3": (6, 10, {"opener_elite": "silver", "conversion_champion": "bronze"}, range(4), []),
         "E-4": (10, 25, {"opener_elite": "gold", "conversion_champion": "silver", "appointment_setter": "silver"}, range(6),
                 [("metric", "sub_30s_drop_rate"), ("exam", "operative_certification")]),
         "E-5": (15, 100, {"conversion_champion": "gold", "closer": "gold"}, range(7),
                 [("metric", "call_to_appt_rate"), ("boss", "redhawk"), ("exam", "senior_certification")]),
         "E-6": (18, 25, {"conversion_champion": "gold", "show_rate_champion": "silver"}, range(7), [("metric", "cadence_completion"), ("mentees", "")]),
         "E-7": (25, 50, {"conversion_champion": "platinum"}, [6], [("metric", "team_conversion"), ("certification", "leadership")])}
RANK_IDS = {"E-1": "sdr_1", "E-2": "sdr_2", "E-3": "sdr_3", "E-4": "operative", "E-5": "senior_operative", "E-6": "team_lead", "E-7": "manager"}
PASS_SCORES = (0.80, 0.80, 0.80, 0.80, 0.85, 1.00, 0.80)


def ask(session, method, *arguments):
    return session.client.call(NAME, method, *arguments)


def gates_of(session, rank=""):
    """eligible, {(kind, id): gate}"""
    eligible, gates = ask(session, "GetEligibility", rank)
    return eligible, {(gate["kind"], gate["id"]): gate for gate in gates}


def badges_of(session):
    return {badge["id"]: badge for badge in ask(session, "GetBadges")[0]}


def rates_of(session):
    ramp_up, rates = ask(session, "GetEfficiency")
    return ramp_up, {rate["metric"]: rate for rate in rates}


def write(env, session, **values):
    """Another program writes the record; the service reads it."""
    env.server.patch_record(session.member, {key: json.dumps(value) if isinstance(value, (list, dict)) else value for key, value in values.items()})
    session.sync()


def fill_week(env, session, dials=200, **counts):
    """The numbers of a good week, all on the day that was active last, from another device of the rep: rows of the ledger."""
    record = env.server.record(session.member)
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    day = ask(session, "GetDailyMetrics", "", "")[0][-1]["day"]
    rows = []
    for kind, count in {"dial_made": dials, **counts}.items():
        rows += [{"repId": record["id"], "workspaceMemberId": session.member, "name": kind, "eventType": kind, "xpAmount": 0,
                  "device": "another-device", "seq": number, "occurredAt": moment.isoformat(), "localDay": day}
                 for number in range(count)]
    for start in range(0, len(rows), 200):
        env.server.api("POST", "/rest/batch/xpEvents", rows[start:start + 200])
    session.sync()


# ---- what is refused, whoever asks ----
BAD = {
    "certification without an id": ("EarnCertification", ("",), "InvalidArgument"),
    "certification too long": ("EarnCertification", ("é" * 129,), "TooLarge"),
    "certification with a control sign": ("EarnCertification", ("a\nb",), "InvalidArgument"),
    "attempt at nobody": ("RecordBossAttempt", ("dragon",), "UnknownId"), "attempt without an id": ("RecordBossAttempt", ("",), "InvalidArgument"),
    "attempt before its level": ("RecordBossAttempt", ("redhawk",), "NotEligible"),
    "unknown badge": ("AwardBadge", ("night_owl.bronze",), "UnknownId"), "badge without a tier": ("AwardBadge", ("closer",), "UnknownId"),
    "unknown tier": ("AwardBadge", ("closer.wood",), "UnknownId"), "no badge": ("AwardBadge", ("",), "InvalidArgument"),
    "a tier that the badge has not": ("AwardBadge", ("first_blood.gold",), "UnknownId"),
    "measured metric": ("ReportMetric", ("sub_30s_drop_rate", 0.3), "UnknownId"), "unknown metric": ("ReportMetric", ("luck", 0.3), "UnknownId"),
    "no metric": ("ReportMetric", ("", 0.3), "InvalidArgument"),
    "ratio above 1": ("ReportMetric", ("cadence_completion", 1.01), "InvalidArgument"),
    "ratio below 0": ("ReportMetric", ("team_conversion", -0.01), "InvalidArgument"),
    "no number": ("ReportMetric", ("cadence_completion", float("nan")), "InvalidArgument"),
    "infinity": ("ReportMetric", ("mentees", float("inf")), "InvalidArgument"), "half a mentee": ("ReportMetric", ("mentees", 1.5), "InvalidArgument"),
    "unknown specialization": ("SetSpecialization", ("sleeper",), "UnknownId"), "no specialization": ("SetSpecialization", ("",), "InvalidArgument"),
    "specialization before its level": ("SetSpecialization", ("closer",), "NotEligible"),
    "title not won": ("SetActiveTitle", ("RedHawk Conqueror",), "NotEligible"),
    "title too long": ("SetActiveTitle", ("x" * 2000,), "TooLarge"),
    "promotion too early": ("Promote", (), "NotEligible"),
    "unknown rank": ("GetEligibility", ("E-9",), "UnknownId"),
}


def test_what_is_refused(env):
    session = env.session()
    for case, (method, arguments, name) in BAD.items():
        with refused(name) as seen:
            ask(session, method, *arguments)
        assert seen.error.message, f"{case}: refused without a word"
    equal((session.total(), session.events(), session.pending()), (0, [], 0), "what is recorded")


def test_nobody_is_signed_in(env):
    session = env.session(signed_in=False)
    calls = {method: arguments for method, arguments, _name in BAD.values()}
    for method, arguments in {**calls, "GetBadges": (), "GetEfficiency": (), "GetLeaderboard": (0,)}.items():
        with refused("NotSignedIn"):
            ask(session, method, *arguments)
    equal([session.get(name) for name in ("Rank", "RankName", "NextRank", "NextRankName")], [""] * 4, "ranks")


# ---- what pays, and what is chosen ----
def test_certification(env):
    session = env.session()
    for number, text in enumerate(("leadership", "é" * 128, "any text: “quoted”, 'so'", "x")):
        first = ask(session, "EarnCertification", text)
        equal(first[1:3], (300, 300 * (number + 1)), text)
        equal(ask(session, "EarnCertification", text)[:3], (first[0], 0, first[2]), f"{text} again")
    session.sync()
    record = env.server.record(session.member)
    equal((json.loads(record["certifications"]), record["totalXp"]), (session.get("Certifications"), 1200), "in Twenty")
    write(env, session, certifications=[*session.get("Certifications"), "of_another_app"])
    equal(ask(session, "EarnCertification", "of_another_app")[1], 0, "one that another program gave")


def test_boss(env):
    session = env.session()
    session.add("note_added", amount=9200)
    equal([ask(session, "RecordBossAttempt", "redhawk")[0] for _ in range(3)], [1, 2, 3], "attempts")
    equal(session.total(), 9200, "an attempt brings nothing")
    session.stop()
    equal(ask(session, "RecordBossAttempt", "redhawk"), (4,), "after a restart")
    equal(ask(session, "DefeatBoss", "redhawk")[1], 1000 + 500, "the boss with its badge")
    session.sync()
    record = env.server.record(session.member)
    equal((json.loads(record["defeatedBosses"]), json.loads(record["badges"])), (["redhawk"], ["redhawk_slayer.gold"]), "in Twenty")
    equal(len([row for row in env.server.rows(session.member) if row["eventType"] == "boss_attempted"]), 4, "rows of attempts")
    other = env.session(member=session.member)
    equal((other.get("DefeatedBosses"), other.get("Titles")), (["redhawk"], ["RedHawk Conqueror"]), "on another machine")


def test_title(env):
    session = env.session()
    session.add("note_added", amount=9200)
    ask(session, "DefeatBoss", "redhawk")
    for title in ("RedHawk Conqueror", "RedHawk Conqueror", "", ""):
        ask(session, "SetActiveTitle", title)
        equal(session.get("ActiveTitle"), title, "ActiveTitle")
    equal(len(session.events(type="title_chosen")), 2, "rows: a choice that changes nothing is none")


def test_specialization(env):
    session = env.session()
    session.add("note_added", amount=850)
    ask(session, "SetSpecialization", "closer")
    equal(session.get("Specialization"), "closer", "Specialization")
    equal(session.deal("deal-1")[1], 525 + FIRST_DEAL, "300 × 1.75, and the badge without it")
    ask(session, "SetSpecialization", "referral_master")
    equal(session.add("email_reply")[1], 39, "30 × 1.3")
    ask(session, "SetSpecialization", "referral_master")
    equal(len(session.events(type="specialization_chosen")), 2, "rows")
    session.sync()
    other = env.session(member=session.member)
    equal(other.get("Specialization"), "referral_master", "on another machine")
    equal(other.add("referral_generated")[1], 300, "150 × 2 there")


def test_reported_metrics(env):
    session = env.session()
    keys = {"cadence_completion": ("metric", "cadence_completion"), "mentees": ("mentees", "")}
    for metric, values in {"cadence_completion": (0.0, 0.7, 0.71, 1.0), "mentees": (0.0, 1.0, 2.0, 3.0)}.items():
        for value in values:
            ask(session, "ReportMetric", metric, value)
            gate = gates_of(session, "E-6")[1][keys[metric]]
            met = value > 0.7 if metric == "cadence_completion" else value >= 2
            equal((gate["have"], gate["met"], gate["suspended"]), (value, met, False), f"{metric} {value}")
    session.sync()
    other = env.session(member=session.member)
    equal(gates_of(other, "E-6")[1][("mentees", "")]["have"], 3, "on another machine")
    write(env, session, efficiencyMetrics={"team_conversion": 0.06, "callToApptRate": 0.9})
    gate = gates_of(session, "E-7")[1][("metric", "team_conversion")]
    equal((gate["have"], gate["met"]), (0.06, True), "one that another program wrote")


# ---- badges ----
def test_award(env):
    session = env.session()
    client = session.client
    mark = client.mark()
    equal(ask(session, "AwardBadge", "objection_master.silver"), (True,), "a badge")
    equal(ask(session, "AwardBadge", "objection_master.silver"), (False,), "again")
    equal(session.total(), 100, "its XP")
    for end in (session.sync, session.stop, session.kill):
        end()
        equal(ask(session, "AwardBadge", "objection_master.silver"), (False,), "again")
    fence(client)
    equal(client.seen("BadgeUnlocked", mark), [("objection_master.silver",)], "BadgeUnlocked")
    write(env, session, badges=["objection_master.silver", "email_expert.gold"])
    equal(ask(session, "AwardBadge", "email_expert.gold"), (False,), "one that another program gave")
    equal(session.total(), 100, "TotalXp")


def test_badges_that_award_themselves(env):
    session = env.session()
    equal(ask(session, "AwardBadge", "closer.bronze"), (True,), "given by hand")
    total = 150
    for number in range(5):
        earned = session.deal(f"deal-{number}")[1]
        total += 300 + (FIRST_DEAL if number == 0 else 0)
        equal((earned, session.total()), (300 + (FIRST_DEAL if number == 0 else 0), total), f"deal {number}")
    closer = badges_of(session)["closer"]
    equal((closer["tier"], closer["next-tier"], closer["progress"], closer["needed"], closer["passes"], closer["why"]),
          ("bronze", "silver", 5, 25, "at-least", ""), "closer")


def test_badge_whose_cause_comes_from_twenty(env):
    """Deals of another app make it, once, over two devices."""
    one = env.session()
    two = env.session(member=one.member)
    marks = [(session, session.client.mark()) for session in (one, two)]
    env.server.patch_record(one.member, {"closedDeals": 5, "totalXp": 1500})
    for session in (one, two, one, two):
        session.sync()
    total = 1500 + 150 + FIRST_DEAL
    for session, mark in marks:
        equal((sorted(session.get("Badges")), session.total()), (["closer.bronze", "first_blood.bronze"], total), "Badges, TotalXp")
        fence(session.client)
        equal(sorted(session.client.seen("BadgeUnlocked", mark)), [("closer.bronze",), ("first_blood.bronze",)], "BadgeUnlocked")
    rows = [row["ref"] for row in env.server.rows(one.member) if row["eventType"] == "badge_earned"]
    equal(sorted(rows), ["closer.bronze", "first_blood.bronze"], "rows")
    record = env.server.record(one.member)
    equal((sorted(json.loads(record["badges"])), record["totalXp"]), (["closer.bronze", "first_blood.bronze"], total), "in Twenty")


def test_standing_of_badges(env):
    session = env.session()
    badges = badges_of(session)
    equal([badge["id"] for badge in ask(session, "GetBadges")[0]],
          ["opener_elite", "conversion_champion", "engagement_master", "efficiency_elite", "show_rate_champion", "appointment_setter", "closer",
           "streak_warrior", "email_expert", "objection_master", "early_bird", "first_blood", "redhawk_slayer"], "badges, in order")
    for name, badge in badges.items():
        equal(set(badge), {"id", "name", "tier", "next-tier", "progress", "needed", "passes", "known", "why"}, name)
        equal((badge["tier"], badge["progress"]), ("", 0), name)
    equal((badges["redhawk_slayer"]["next-tier"], badges["email_expert"]["needed"]), ("gold", 50), "next tiers")
    equal((badges["opener_elite"]["known"], badges["opener_elite"]["why"], badges["opener_elite"]["passes"]), (False, "rate-unknown", "below"),
          "a rate without calls")
    for number in range(3):
        session.add("email_sent", ref=str(number))
    equal(badges_of(session)["email_expert"]["progress"], 3, "progress")
    write(env, session, badges=["closer.platinum"])
    closer = badges_of(session)["closer"]
    equal((closer["tier"], closer["next-tier"]), ("platinum", ""), "the highest tier")


# ---- efficiency ----
def test_efficiency(env):
    session = env.session()
    ramp_up, rates = rates_of(session)
    equal((ramp_up, list(rates)), (True, ["sub_30s_drop_rate", "call_to_appt_rate", "two_plus_min_rate", "show_rate", "sms_enrollment_rate"]), "rates")
    for name, rate in rates.items():
        equal(("value" in rate, rate["tier"], rate["numerator"], rate["denominator"]), (False, "", 0, 0), name)
    session.call("CONTACT", 10)
    session.call("CONTACT", 150)
    ramp_up, rates = rates_of(session)
    equal((ramp_up, rates["sub_30s_drop_rate"]["value"], rates["sub_30s_drop_rate"]["tier"]), (True, 0.5, ""), "shown, not judged")
    fill_week(env, session, dials=198, call_connected=98, under_thirty_second_call=34, two_plus_minute_call=25, appointment_set=5)
    ramp_up, rates = rates_of(session)
    found = {name: (rate.get("value"), rate["tier"], rate["numerator"], rate["denominator"]) for name, rate in rates.items()}
    equal((ramp_up, found), (False, {"sub_30s_drop_rate": (0.35, "elite", 35, 100), "call_to_appt_rate": (0.05, "above", 5, 100),
                                     "two_plus_min_rate": (0.26, "above", 26, 100), "show_rate": (0.0, "", 0, 5),
                                     "sms_enrollment_rate": (0.0, "", 0, 100)}), "judged from 200 dials on")
    for rate in rates.values():
        equal(session.get("EfficiencyMetrics")[rate["key"]], rate["value"], rate["key"])


# ---- gates and ranks ----
def test_gates_of_every_rank(env):
    session = env.session()
    equal((ask(session, "GetEligibility", ""), session.get("NextRank"), session.get("NextRankName")),
          (ask(session, "GetEligibility", "E-2"), "E-2", "SDR 2"), "the next rank")
    for rank, (level, deals, badges, modules, others) in RANKS.items():
        eligible, gates = gates_of(session, rank)
        equal(eligible, False, rank)
        expected = [("level", ""), ("deals", ""), *(("badge", badge) for badge in badges), *(("module", f"module_{n}") for n in modules), *others]
        equal(sorted(gates), sorted(expected), f"gates of {rank}")
        equal((gates[("level", "")]["needed"], gates[("level", "")]["have"], gates[("deals", "")]["needed"]), (level, 1, deals), rank)
        for badge, tier in badges.items():
            equal((gates[("badge", badge)]["needed"], gates[("badge", badge)]["have"]), (tier, ""), badge)
        for key, gate in gates.items():
            equal({"kind", "id", "needed", "met", "passes", "suspended"} - set(gate), set(), f"keys of {key}")
            equal("have" in gate, gate["kind"] not in ("metric", "mentees"), f"have of {key}")
        for spelling in (RANK_IDS[rank], rank.lower(), rank.replace("-", "")):
            equal(ask(session, "GetEligibility", spelling), ask(session, "GetEligibility", rank), spelling)
    equal(gates_of(session, "E-1")[0], True, "the lowest rank")


def test_the_way_up(env):
    """Every rank with all its gates, the causes written by another program or reported; each arrives in Twenty as its code."""
    session = env.session()
    client = session.client
    mark = client.mark()
    for number, score in enumerate(PASS_SCORES):
        session.module(f"module_{number}", score)
    fill_week(env, session, dials=200, call_connected=100, under_thirty_second_call=30, appointment_set=6)
    for rank, (level, deals, badges, _modules, others) in RANKS.items():
        held = {f"{badge}.{tier}" for badge, tier in badges.items()}
        write(env, session, closedDeals=max(deals, session.get("ClosedDeals")), badges=sorted({*session.get("Badges"), *held}),
              totalXp=max(LEVELS[level - 1], session.total()))
        for kind, name in others:
            if kind == "exam":
                ask(session, "PassExam", name, 0.9)
            elif kind == "boss":
                ask(session, "DefeatBoss", name)
            elif kind == "certification":
                ask(session, "EarnCertification", name)
            elif kind == "mentees" or name in ("cadence_completion", "team_conversion"):
                ask(session, "ReportMetric", name or "mentees", 2.0 if kind == "mentees" else 0.9)
        eligible, gates = gates_of(session)
        equal((eligible, [key for key, gate in gates.items() if not gate["met"]]), (True, []), f"gates of {rank}")
        equal(ask(session, "Promote"), (rank,), "Promote")
        equal((session.get("Rank"), env.server.record(session.member)["currentRank"] == rank), (rank, False), "before the sync")
        session.sync()
        equal(env.server.record(session.member)["currentRank"], rank, "currentRank in Twenty")
        session.stop()  # and goes on with a new budget of requests
    equal((session.get("NextRank"), ask(session, "GetEligibility", "")), ("", (False, [])), "at the top")
    with refused("NotEligible"):
        ask(session, "Promote")
    fence(client)
    equal(client.seen("RankUp", mark), list(zip(RANK_IDS, RANKS)), "RankUp")
    other = env.session(member=session.member)
    equal(other.get("Rank"), "E-7", "on another machine")


def test_promotion_says_all_that_is_missing(env):
    session = env.session()
    session.deal("deal-1")
    session.module("module_0")
    with refused("NotEligible") as seen:
        ask(session, "Promote")
    for word in ("E-2", "deals 2 (now 1)", "opener_elite.bronze", "module_1"):
        assert word in seen.error.message, f"no {word} in {seen.error.message}"
    assert "module_0" not in seen.error.message, seen.error.message
    make_eligible(session)
    if not ON_SERVER:
        env.server.stop()
    equal(ask(session, "Promote"), ("E-2",), "with everything, also offline")
    session.stop()
    equal(session.get("Rank"), "E-2", "after a restart")
    if not ON_SERVER:
        env.server.restart()
    session.sync_until_well()
    equal(env.server.record(session.member)["currentRank"], "E-2", "currentRank in Twenty")


SPELLINGS = {"E-4": "E-4", "e4": "E-4", "E4": "E-4", "operative": "E-4", "senior_operative": "E-5", "manager": "E-7"}


@parametrize({spelling: (spelling,) for spelling in SPELLINGS})
def test_rank_of_another_program(env, spelling):
    """It stands, in any spelling; never demoted, not even by a promotion that was waiting."""
    session = env.session()
    make_eligible(session)
    session.sync()
    mark = session.client.mark()
    equal(ask(session, "Promote"), ("E-2",), "Promote")
    write(env, session, currentRank=spelling)
    session.sync()
    rank = SPELLINGS[spelling]
    equal(session.get("Rank"), rank, "Rank")
    equal(env.server.record(session.member)["currentRank"], rank, "currentRank in Twenty")
    session.call("CONTACT", 150)
    session.sync()
    equal(env.server.record(session.member)["currentRank"], rank, "after the next fold")
    fence(session.client)
    equal(session.client.seen("RankUp", mark), [("E-1", "E-2"), ("E-2", rank)], "RankUp")
    session.stop()
    mark = len(session.client.signals)
    session.sync()
    fence(session.client)
    equal(session.client.seen("RankUp", mark), [], "RankUp after a restart")


# ---- midnight ----
def zone_before_midnight(seconds):
    """A zone in which so many seconds are left of the day."""
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    midnight = then.hour * 3600 + then.minute * 60 + then.second
    west = midnight if midnight < 12 * 3600 else midnight - 24 * 3600
    sign, rest = ("+" if west >= 0 else "-"), abs(west)
    return f"<TST>{sign}{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


def test_midnight(env):
    """A day leaves the window of the metrics, and a streak ends: one PropertiesChanged, without a call."""
    need_faults()  # and a server that makes no cycle of its own necessary
    for seconds in (10, 30, 60):
        start = time.monotonic()
        session = env.session(extra={"TZ": zone_before_midnight(seconds)})
        old = int(time.time() * 1000000) - 6 * DAY
        session.call("CONTACT", 150, occurred_at=old)
        session.add("note_added", occurred_at=old + 5 * DAY)
        mark = session.client.mark()
        found = session.get("EfficiencyMetrics"), session.get("StreakDays")
        if time.monotonic() - start < seconds - 1:
            break
        session.close()
        env.keep(session)
    equal(found, ({"sub30sDropRate": 0.0, "callToApptRate": 0.0, "twoPlusMinRate": 1.0, "smsEnrollmentRate": 0.0}, 1), "before midnight")
    wait_for(lambda: changes(session.client, NAME, mark), 90, "midnight")
    equal(changes(session.client, NAME, mark), [{"EfficiencyMetrics": {}, "StreakDays": 0}], "PropertiesChanged")


if __name__ == "__main__":
    run_tests(globals())
