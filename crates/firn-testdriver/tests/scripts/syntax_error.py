# ends: badly
# says: File "testScript", line 4
# says: SyntaxError: '(' was never closed
client.succeed("true"
start_all()
