# ends: badly
# says: testScript, line 8: machines have no method 'suceed'; did you mean 'succeed'?
# says: testScript, line 9: wait_for_open_port(): the argument 'port' must be a whole number
# says: testScript, line 10: the name 'clien' is not defined; did you mean 'client'?
# says: testScript, line 11: wait_for_unit(): there is no argument 'timeut'; did you mean 'timeout'?
# says: testScript, line 12: wait_for_file(): the argument 'filename' is missing
start_all()
client.suceed("true")
client.wait_for_open_port("80")
clien.succeed("true")
client.wait_for_unit("a.service", timeut=3)
client.wait_for_file()
