# ends: badly
# says: client: no file '/run/wanted/below/it' after 0.5 seconds
# says: in /run/wanted there are: other
client.succeed("mkdir /run/wanted; touch /run/wanted/other")
client.wait_for_file("/run/wanted/below/it", timeout=0.5)
