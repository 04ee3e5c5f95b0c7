# ends: badly
# says: File "testScript", line 7, in check
# says: where answer = '41\n'
# says: where expected = 42
def check(answer, expected):
    port = 1
    assert answer.strip() == str(expected)


check(client.succeed("echo 41"), 42)
