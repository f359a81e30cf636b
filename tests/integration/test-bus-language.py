#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Languages: the service and the command line speak that of their environment, a host's stays the host's, and what programs read is the
same in each. What is expected is written here by hand; that nothing is missing is the test `translations`."""
import json
import tempfile
import unicodedata

from probe import *  # noqa: F403
from common import expect_exact, parametrize, refused, run as run_tests
from hosts import Host, empty_session, wait_owner

PO = BUILD / "po"
LOCALES = {"de": "de_DE", "es": "es_ES"}
FOLDER = tempfile.TemporaryDirectory(prefix="progression-locales-")
SPOKEN = {
    "de": {"nobody": "Auf diesem Rechner ist niemand angemeldet. Melden Sie sich an, um XP zu verdienen.",
           "unknown": "Unbekannte Ereignisart „nothing“", "badge": "Abschließer", "rank": "Teamleitung",
           "help": "Aufruf: progression [--json] BEFEHL [OPTIONEN]", "usage": "Unbekannter Befehl dance; siehe progression --help",
           "labels": ("Stufe", "Rang", "Serie", "Abgleich"), "state": "bereit", "days": "1 Tag", "half": "50,0 %", "tier": "Bronze",
           "option": "Gesprächsdauer in Sekunden", "retold": "XP, zusammen"},
    "es": {"nobody": "En este equipo no hay ninguna sesión iniciada. Inicie sesión para ganar XP.",
           "unknown": "Tipo de evento desconocido «nothing»", "badge": "Cerrador", "rank": "Jefatura de equipo",
           "help": "Uso: progression [--json] ORDEN [OPCIONES]", "usage": "Orden desconocida dance; véase progression --help",
           "labels": ("Nivel", "Rango", "Racha", "Sincronización"), "state": "en reposo", "days": "1 día", "half": "50,0 %", "tier": "bronce",
           "option": "Duración de la llamada en segundos", "retold": "en total"},
}


def locale_of(language):
    """The environment of a person who speaks it. The locale is made here: few machines have it."""
    name = f"{LOCALES[language]}.UTF-8"
    target = pathlib.Path(FOLDER.name) / name
    if not target.exists():
        code, _, complaint = run(["localedef", "-i", LOCALES[language], "-f", "UTF-8", target], os.environ)
        equal(code, 0, f"localedef (of the package locales): {complaint}")
    return {"LC_ALL": name, "LANG": name, "LOCPATH": FOLDER.name}


def columns(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cli(session, *arguments, code=0):
    found, out, complaint = run([CLI, *arguments], session.env, cwd=session.root / "home")
    equal(found, code, f"exit code of progression {' '.join(arguments)}: {complaint}")
    if "--json" not in arguments and code == 0:
        for line in out.splitlines():
            assert columns(line) <= 80, f"{columns(line)} columns: {line}"
    return out or complaint


def names_of(rank, names):
    """The built-in rules with another name of the lowest rank."""
    rules = json.loads((SOURCE / "data" / "rules.json").read_text(encoding="utf-8"))
    rules["version"] = 2
    rules["ranks"][0].update(name=rank, **({"names": names} if names else {}))
    return json.dumps(rules)


def with_rules(env, text, **more):
    session = env.session(signed_in=False, **more)
    path = session.root / "home" / "rules.json"
    path.write_text(text, encoding="utf-8")
    session.set_settings(rules_file=str(path))
    session.sign_in(env.server)
    return session


@parametrize(list(LOCALES))
def test_service(env, language):
    said = SPOKEN[language]
    session = env.session(signed_in=False, extra=locale_of(language))
    equal(session.client.get(SYNC, "Reason"), said["nobody"], "Reason")
    equal(session.client.get(SYNC, "State"), "signed-out", "State is a word for programs")
    with refused("NotSignedIn") as caught:
        session.call("CONTACT", 150)
    equal(caught.error.message.partition("NotSignedIn: ")[2], said["nobody"], "the error")
    session.sign_in(env.server)
    with refused("UnknownEventType") as caught:
        session.client.call(NAME, "ListEvents", {"type": GLib.Variant("s", "nothing")})
    equal(caught.error.message.partition("UnknownEventType: ")[2], said["unknown"], "the error")
    badges = {badge["id"]: badge for badge in session.client.call(NAME, "GetBadges")[0]}
    equal((badges["closer"]["name"], badges["closer"]["next-tier"]), (said["badge"], "bronze"), "a badge's name, and its tier for programs")


def test_names_of_the_rules_file(env):
    """A name in the catalogue's own languages, a built-in name that is translated, and a name that nobody knows."""
    german = locale_of("de")
    for rank, names, shown in (("Rookie", {"de": "Neuling", "es": "Novato"}, "Neuling"), ("Team Lead", None, "Teamleitung"),
                               ("Team Lead", {"de_DE": "Chefin", "de": "Chef"}, "Chefin"), ("Rookie", {"es": "Novato"}, "Rookie")):
        session = with_rules(env, names_of(rank, names), extra=german)
        equal((session.get("Rank"), session.get("RankName")), ("E-1", shown), f"{rank} {names}")
    session = with_rules(env, names_of("Rookie", {"de": "Neuling"}))
    equal(session.get("RankName"), "Rookie", "in English")


@parametrize(list(LOCALES))
def test_command_line(env, language):
    said = SPOKEN[language]
    session = env.session(extra=locale_of(language))
    assert said["help"] in cli(session, "--help"), "the help"
    assert said["option"] in cli(session, "call", "--help"), "a command's options"
    equal(cli(session, "dance", code=2).strip(), said["usage"], "wrong usage")
    assert said["retold"] in cli(session, "call", "CONTACT", "--duration", "150"), "what was earned"
    cli(session, "call", "CONTACT", "--duration", "10")
    session.sync()
    text = cli(session, "status")
    for words in (*said["labels"], said["state"], said["days"]):
        assert words in text, f"no {words} in {text}"
    metrics = cli(session, "metrics")
    assert said["half"] in metrics, f"a decimal comma: {metrics}"
    assert said["tier"] in cli(session, "badges"), "a badge's tier"
    for command in ("rank", "gates", "leaderboard", "events", "operations", "audit"):
        cli(session, command)


def test_json_is_the_same_in_all_languages(env):
    session = env.session(extra=locale_of("de"))
    session.call("CONTACT", 150)
    session.sync()
    german = {command: json.loads(cli(session, "--json", command)) for command in ("status", "metrics", "gates", "events", "badges")}
    equal(german["status"]["sync"]["State"], "idle", "State")
    for language in ({"LC_ALL": "C.UTF-8"}, locale_of("es")):
        session.env.update(language)
        for command, found in german.items():
            equal(json.loads(cli(session, "--json", command)), found, f"{command} in {language['LC_ALL']}")


def test_numbers_for_programs_have_points(env):
    """A comma in a request or in the store would spoil both."""
    session = env.session(extra=locale_of("de"))
    session.client.call(NAME, "ReportMetric", "cadence_completion", 0.725)
    session.client.call(NAME, "CompleteModule", "module_0", 0.85)
    equal(session.add("email_sent", multipliers={"half": 1.5})[1], 15, "a multiplier")
    session.call("CONTACT", 150)
    session.sync()
    total = session.total()
    record = expect_exact(env.server, session, total, len(env.server.rows(session.member)))
    equal(record["totalXp"], total, "totalXp")
    session.stop()
    gates = {gate["id"]: gate for gate in session.client.call(NAME, "GetEligibility", "E-6")[1]}
    equal(gates["cadence_completion"]["have"], 0.725, "the reported metric after a restart")


def test_a_host_keeps_its_locale(env):
    """The plugin speaks the locale that its host has chosen, and chooses none."""
    session = empty_session(env)
    session.env.update(locale_of("de"))
    for speaks, locale, shown in ((False, "C", "Closer"), (True, "de_DE.UTF-8", "Abschließer")):
        host = Host(session)
        if speaks:
            host.says("speak", "speaks")
        host.says("locale", f"{locale} messages")
        host.says("start", "started")
        wait_owner(session, host)
        if not speaks:
            session.sign_in(env.server)
        badges = {badge["id"]: badge["name"] for badge in session.client.call(NAME, "GetBadges")[0]}
        equal(badges["closer"], shown, f"a badge's name in {locale}")
        host.says("locale", f"{locale} messages")
        host.says("stop", "stopped")
        host.quit()


if __name__ == "__main__":
    run_tests(globals())
