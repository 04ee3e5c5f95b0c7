# ends: badly
# says: client is a container and has no virtual hardware
# says: --backend vm
client.send_key("a")
