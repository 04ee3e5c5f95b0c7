# ends: badly
# says: testScript, line 3: syntax error
client.succeed("true"
start_all()
