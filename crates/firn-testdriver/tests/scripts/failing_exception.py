# ends: badly
# says: ZeroDivisionError: division by zero
# says: File "testScript", line 5
client.succeed("true")
print(1 / 0)
