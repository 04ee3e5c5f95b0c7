# ends: badly
# says: command `echo to the right; curll http://localhost` failed (exit code 127)
# says: standard error:
# says: curll: command not found
# says: output:
# says: to the right
client.succeed("echo to the right; curll http://localhost")
