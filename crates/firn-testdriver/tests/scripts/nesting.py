# ends: badly
# says: testScript, line 77
# says: client: command `echo shown; false` failed (exit code 1)
# logs: (finished: subtest: outer, in
# logs: client: about client
# logs: client: warning: so so
# logs: Test "inner fails" failed with error: "inner"
# logs: Test "outer fails" failed with error: "inner"
# xml: <nest><head>subtest: outer</head><nest><head>subtest: inner</head>
# xml: <head machine="client">must succeed: true</head>
# xml: <line machine="client">about client</line>
# xml: <line machine="client" type="serial">a &lt;b&gt;</line>
# xml: </nest><line>Test &quot;the end&quot; failed
from datetime import timedelta

from test_driver.errors import RequestedAssertionFailed

with subtest("outer"):
    with subtest("inner"):
        client.succeed("true")
    log.log("about client", {"machine": "client"})
    log.warning("so so", machine="client")

client.succeed("echo 'a <b>' > /dev/console")
client.wait_for_console_text("a <b>")

# A subtest that fails ends those around it.
try:
    with subtest("outer fails"):
        with subtest("inner fails"):
            raise ValueError("inner")
except ValueError:
    pass
else:
    assert False, "a failing subtest swallows its error"

# What a condition raises reaches the script, and no condition asks for itself.
asked = {"outer": 0, "inner": 0}


@polling_condition(seconds_interval=0)
def outer():
    asked["outer"] += 1
    client.execute("true")
    return True


@polling_condition(seconds_interval=0)
def inner():
    asked["inner"] += 1
    assert asked["inner"] < 4, "too often"


with outer, inner:
    client.succeed("true")
assert asked["outer"] >= 1 and asked["inner"] >= 1, asked
before = dict(asked)
client.succeed("true")
assert asked == before, "nobody asks outside of the blocks"


@polling_condition
def never():
    return False


with t.assertRaises(Exception):
    never.wait(timeout=timedelta(seconds=1))

with t.assertRaises(RequestedAssertionFailed):
    retry(lambda last: False, timeout=timedelta(seconds=0.1))
with t.assertRaises(KeyError):
    retry(lambda last: {}["nothing"], timeout=60)

with subtest("the end"):
    with subtest("in depth"):
        client.succeed("echo shown; false")
