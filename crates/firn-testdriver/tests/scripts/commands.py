# ends: well
# logs: web-server: must succeed: echo hello
# logs: client # to standard error
# logs: (finished: subtest: files, in
from datetime import timedelta

start_all()
assert web_server.succeed("echo hello") == "hello\n"
assert web_server.succeed("echo a", "echo b") == "a\nb\n"
assert client.execute("echo out; exit 3") == (3, "out\n")
assert client.execute("exit 3", check_return=False)[0] == -1
assert client.execute("sleep 60", timeout=timedelta(milliseconds=200)) == (124, "")
assert client.execute("sleep 60 & echo", check_output=False) == (-2, "")
assert client.fail("echo no; false") == "no\n"
client.succeed("echo to standard error >&2")
client.wait_until_succeeds("test -e /tmp/flag || { touch /tmp/flag; false; }")
client.wait_until_fails("rm /tmp/flag")
client.sleep(0.01)
client.sleep(duration=timedelta(milliseconds=1))

with subtest("files"):
    with open("source", "w") as file:
        file.write("content")
    client.copy_from_host("source", "/tmp/a/b/target")
    assert client.succeed("cat /tmp/a/b/target") == "content"
    client.copy_from_machine("/tmp/a", "deep")
    assert open("deep/a/b/target").read() == "content"
    client.wait_for_file("/tmp/a/*")
    # Where commands run.
    client.copy_from_host("source", "beside/rel")
    assert client.succeed("cat beside/rel") == "content"
    client.copy_from_machine("beside/rel", "near")
    assert open("near/rel").read() == "content"
    client.succeed("rm -r beside")

with subtest("several threads"):
    import threading

    results = []
    threads = [threading.Thread(target=lambda m=m: results.append(m.succeed("hostname"))) for m in machines]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(results) == ["client\n", "web-server\n"]

assert [m.name for m in machines] == ["client", "web-server"]
assert machines_nspawn == machines and machines_qemu == []
assert repr(client) == "<NspawnMachine 'client'>"
assert vlan1.nr == 1 and vlans == [vlan1]
t.assertEqual(1, 1)
with driver.logger.nested(message="by name", attributes={"a": "b"}):
    driver.logger.log(message="a message", attributes={})
driver.start_all()
assert driver.test_symbols()["client"] is client
assert getattr(driver, "nothing", None) is None
