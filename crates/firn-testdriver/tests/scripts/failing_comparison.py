# ends: badly
# says: assert answer.strip() == str(expected), client
# says: AssertionError: <
def check(answer, expected):
    assert answer.strip() == str(expected), client


with t.assertRaises(AssertionError):
    check("41\n", 42)
check(client.succeed("echo 41"), 42)
