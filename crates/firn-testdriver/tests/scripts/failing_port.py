# ends: badly
# says: testScript, line 6:
# says: client: TCP port 81 on localhost: not open after 1 seconds
# says: TCP ports of this machine that are listened on: 82
client.execute("python3 -m http.server 82 >/dev/null 2>&1 &"); client.wait_for_open_port(82, timeout=30)
client.wait_for_open_port(81, timeout=1)
