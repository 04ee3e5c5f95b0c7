# ends: badly
# says: testScript, line 9:
# says: client: TCP port 81 on localhost: not open after 1 seconds
# says: TCP ports of this machine that are listened on: 82
server = "import socket, time; s = socket.create_server(('127.0.0.1', 82)); time.sleep(600)"

client.succeed("ip link set lo up", f'python3 -c "{server}" >/dev/null 2>&1 &')
client.wait_for_open_port(82, timeout=60)
client.wait_for_open_port(81, timeout=1)
