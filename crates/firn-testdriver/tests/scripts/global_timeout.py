# ends: badly
# timeout: 15
# says: the test took longer than its global timeout of 15 s
# says: while it waited in client.wait_until_succeeds()
# says: testScript, line 6:
client.wait_until_succeeds("false")
