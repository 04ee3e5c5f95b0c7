# ends: badly
# says: testScript, line 9:
# says: testScript, line 8, in check:
# says: RequestedAssertionFailed: client: command `echo last words; exit 7` failed (exit code 7)
# says: last words
# logs: !!! --- client ---
def check(machine):
    machine.succeed("echo last words; exit 7")
check(client)
