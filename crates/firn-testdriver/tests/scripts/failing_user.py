# ends: badly
# says: client: there is no user 'nobody-at-all' (users.users.nobody-at-all)
client.wait_for_unit("some.service", "nobody-at-all")
