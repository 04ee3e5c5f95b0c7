# ends: badly
# says: PollingConditionError: Polling condition failed: the flag is there
seen = []


@polling_condition(seconds_interval=0)
def flag():
    "the flag is there"
    seen.append(1)
    return client.execute("test -e /tmp/flag")[0] == 0


client.succeed("touch /tmp/flag")
flag.wait(timeout=10)
with flag:
    client.succeed("true")
    client.wait_until_succeeds("true")
    assert len(seen) >= 3, seen
    client.execute("rm /tmp/flag")
    client.succeed("true")
