# ends: badly
# says: nobody listens on any TCP port of this machine
client.wait_for_open_port(81, timeout=1)
