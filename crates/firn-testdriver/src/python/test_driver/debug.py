"""A debugger for a test in its sandbox: it waits for somebody to connect from outside."""

import pdb
import random
import socket
import subprocess
import sys


class RemotePdb(pdb.Pdb):
    """Python's debugger, at the first connection to a port."""

    def __init__(self, host, port, tell):
        # What has this word among its arguments is in the sandbox, and processes are seen from outside.
        word = f"firn-debug-{random.randrange(10**6, 10**7)}"
        sleeper = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(1e9)", word])
        try:
            with socket.create_server((host, port)) as listener:
                tell(
                    "the test stands still, until its global timeout; to look around:\n"
                    f'  sudo nsenter --net --target "$(pgrep -f {word})" nc {host} {port}\n'
                    "help: `machine.succeed(\"…\")` and the script's other names work there; `continue` goes on"
                )
                self.connection, _ = listener.accept()
        finally:
            sleeper.kill()
            sleeper.wait()
        stream = self.connection.makefile("rw", encoding="utf-8")
        super().__init__(stdin=stream, stdout=stream, nosigint=True)


class Debug:
    """`debug` of a script."""

    def __init__(self, enabled, tell):
        self.enabled = enabled
        self.tell = tell

    def breakpoint(self, host="127.0.0.1", port=4444):
        """Stops at the next line of the caller; does nothing unless the test has `enableDebugHook`."""
        if self.enabled:
            RemotePdb(host, port, self.tell).set_trace(sys._getframe(1))

    def failed(self, frame):
        """Stops where the test has failed."""
        if self.enabled:
            debugger = RemotePdb("127.0.0.1", 4444, self.tell)
            debugger.reset()
            debugger.interaction(frame, None)
