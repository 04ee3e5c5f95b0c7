# ends: well
client.succeed("echo one > /dev/console; echo two > /dev/console")
client.wait_for_console_text("on.*two")
assert "one\ntwo\n" in client.get_console_log()
try:
    client.wait_for_console_text("one", timeout=0)
except Exception as error:
    assert type(error).__name__ == "RequestedAssertionFailed"
else:
    assert False, "text is consumed once"
client.succeed("echo three > /dev/console")
client.wait_for_console_text("three$")
calls = []


def attempt(last):
    calls.append(last)
    return len(calls) == 3


retry(attempt, timeout=20)
assert calls == [False, False, False]
