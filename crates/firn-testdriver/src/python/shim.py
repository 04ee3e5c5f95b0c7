"""The script's side of firn's test driver.

Offers machines and globals to a NixOS test script. Nothing is decided here: every call goes over a unix socket
to the driver, which owns the machines, the waiting and the messages.
"""

import builtins
import contextlib
import json
import linecache
import os
import socket
import sys
import threading
import time
import traceback
import warnings
from datetime import timedelta

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from test_driver.errors import MachineError, MachineTimeout, PollingConditionError, RequestedAssertionFailed

SCRIPT = "testScript"


ERRORS = {
    "RequestedAssertionFailed": RequestedAssertionFailed,
    "MachineError": MachineError,
    "MachineTimeout": MachineTimeout,
    "TypeError": TypeError,
    "AttributeError": AttributeError,
    "FileExistsError": FileExistsError,
    "RuntimeError": RuntimeError,
    "TimeoutError": TimeoutError,
}

class Connection:
    """One line of talk with the driver: strictly question and answer."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw", encoding="utf-8", newline="\n")

    def write(self, message):
        self.file.write(json.dumps(message) + "\n")
        self.file.flush()

    def read(self):
        line = self.file.readline()
        if not line:
            raise MachineError("the test driver is gone")
        return json.loads(line)


class Link:
    """Connections that are free at the moment; a call inside a call takes another one."""

    def __init__(self, path):
        self.path = path
        self.free = []
        self.functions = {}
        self.pending = threading.local()

    def talk(self, message):
        connection = self.free.pop() if self.free else Connection(self.path)
        try:
            connection.write(message)
            while True:
                reply = connection.read()
                if "ask" not in reply:
                    break
                connection.write(self.answer(reply))
        except BaseException:
            connection.socket.close()
            raise
        self.free.append(connection)
        if "error" not in reply:
            return reply["result"]
        waiting = getattr(self.pending, "exception", None)
        if reply["error"]["class"] == "Pending" and waiting is not None:
            self.pending.exception = None
            raise waiting
        raise ERRORS.get(reply["error"]["class"], MachineError)(reply["error"]["message"])

    def answer(self, question):
        try:
            return {"answer": QUESTIONS[question["ask"]](question)}
        except BaseException as error:  # told again by `talk`, where the script can see it
            self.pending.exception = error
            return {"failed": True}

    def encode(self, value):
        if isinstance(value, timedelta):
            return {"$duration": value.total_seconds()}
        if callable(value):
            self.functions[id(value)] = value
            return {"$function": id(value)}
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        if isinstance(value, (list, tuple)):
            return [self.encode(item) for item in value]
        return value

    def call(self, node, name, args, kwargs):
        result = self.talk(
            {
                "call": name,
                "node": node,
                "args": [self.encode(value) for value in args],
                "kwargs": {key: self.encode(value) for key, value in kwargs.items()},
                "line": script_line(),
                "conditions": bool(CONDITIONS) and not checking.active,
            }
        )
        return tuple(result) if name in TUPLES else result


TUPLES = {"execute", "systemctl", "start_job", "stop_job"}
CONDITIONS = []


class Checking(threading.local):
    active = False


checking = Checking()


def script_line():
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename == SCRIPT:
            return frame.f_lineno
        frame = frame.f_back
    return None


def ask_search(question):
    import re

    return re.search(question["pattern"], question["text"]) is not None


def ask_function(question):
    return bool(link.functions[question["function"]["$function"]](*question["args"]))


def ask_conditions(question):
    if checking.active:
        return True
    for condition in list(CONDITIONS):
        condition.check_due()
    return True


QUESTIONS = {"search": ask_search, "function": ask_function, "conditions": ask_conditions}


def seconds(value):
    return value.total_seconds() if isinstance(value, timedelta) else value


def path(text):
    from pathlib import Path  # takes a while to load, and few scripts need it

    return Path(text)


# Machines


class BaseMachine:
    """One node of the test."""

    keep_machine_state = keep_vm_state = False

    def __init__(self, node, setup):
        self.name = node["name"]
        self.forwarded_ports = node["forwarded_ports"]
        self._folders = {key: setup[key] for key in ("out_dir", "tmp_dir", "shared_dir")}
        self._folders["state_dir"] = node["state_dir"]

    out_dir = property(lambda self: path(self._folders["out_dir"]))
    tmp_dir = property(lambda self: path(self._folders["tmp_dir"]))
    state_dir = property(lambda self: path(self._folders["state_dir"]))
    shared_dir = property(lambda self: path(self._folders["shared_dir"]))

    @property
    def logger(self):
        return log

    @property
    def callbacks(self):
        return [condition.check_due for condition in CONDITIONS]

    def __repr__(self):
        return f"<{type(self).__name__} '{self.name}'>"

    @property
    def connected(self):
        return self.is_up()

    @property
    def booted(self):
        return self.is_running()

    @property
    def full_console_log(self):
        return self.get_console_log().splitlines()

    @contextlib.contextmanager
    def nested(self, msg, attrs={}):
        with step(msg, self.name):
            yield

    def run_callbacks(self):
        ask_conditions({})


class QemuMachine(BaseMachine):
    """A node in QEMU."""

    @property
    def qmp_client(self):
        return QmpClient(self)

    @property
    def pid(self):
        return self.process_id()

    def read_efi_vars(self):
        from test_driver.efi import EfiVariable

        return [EfiVariable.heard(told) for told in link.call(self.name, "read_efi_vars", [], {})]

    def write_efi_vars(self, add):
        link.call(self.name, "write_efi_vars", [[variable.told() for variable in add]], {})


class NspawnMachine(BaseMachine):
    """A node in a container."""

    @property
    def get_systemd_process(self):
        return self.process_id()


Machine = BaseMachine


class QmpClient:
    def __init__(self, machine):
        self.machine = machine

    def send(self, cmd, args={}):
        return self.machine.qmp_command(cmd, dict(args))

    def wait_for_event(self, timeout=10):
        return self.machine.wait_for_qmp_event(lambda event: True, timeout=timeout)

    def events(self, timeout=10):
        """Events as they come, until none has come for a while."""
        while True:
            try:
                yield self.wait_for_event(timeout)
            except TimeoutError:
                return

    def close(self):
        """The machine keeps its channel as long as it runs."""


def add_methods(methods):
    for method in methods:
        name = method["name"]
        if name in BaseMachine.__dict__:
            continue

        def forward(self, *args, __name=name, **kwargs):
            return link.call(self.name, __name, args, kwargs)

        forward.__name__ = name
        forward.__qualname__ = f"Machine.{name}"
        forward.__doc__ = f"{name}({method['signature']})"
        setattr(BaseMachine, name, forward)


# Globals of the script


@contextlib.contextmanager
def step(text, node=None):
    number = link.talk({"begin": text, "node": node})
    try:
        yield
    except BaseException as error:
        link.talk({"end": number, "error": str(error) or type(error).__name__})
        raise
    link.talk({"end": number, "error": None})


@contextlib.contextmanager
def subtest(name):
    try:
        with step("subtest: " + name):
            yield
    except Exception as error:
        log.log_test_error(f'Test "{name}" failed with error: "{error}"')
        raise


def retry(fn, timeout_seconds=None, timeout=None):
    if timeout_seconds is not None and timeout is not None:
        raise TypeError("retry() takes either 'timeout' or 'timeout_seconds'")
    limit = seconds(timeout if timeout is not None else timeout_seconds)
    limit = 900 if limit is None else limit
    until = time.monotonic() + limit
    pause = 0.05
    while True:
        if fn(False):
            return
        left = until - time.monotonic()
        if left <= 0:
            break
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, 1)
    if not fn(True):
        raise RequestedAssertionFailed(f"action timed out after {limit} seconds")


class PollingCondition:
    """A condition that is checked before every command while it is entered as a context."""

    def __init__(self, condition, interval, description):
        self.condition = condition
        self.interval = interval
        self.description = description or (condition.__doc__ or condition.__name__).strip()
        self.last = None

    def holds(self):
        checking.active = True
        try:
            result = self.condition()
        except Exception:
            return False
        finally:
            checking.active = False
        return result is None or bool(result)

    def check_due(self):
        now = time.monotonic()
        if self.last is not None and now - self.last < self.interval:
            return
        held = self.holds()
        self.last = time.monotonic()
        if not held:
            raise PollingConditionError(f"Polling condition failed: {self.description}")

    def wait(self, timeout=None, timeout_seconds=None):
        with step(f"waiting for polling condition: {self.description}"):
            retry(lambda last: self.holds(), timeout_seconds=timeout_seconds, timeout=timeout)

    def __enter__(self):
        if self in CONDITIONS:
            raise PollingConditionError(f"entered twice: {self.description}")
        CONDITIONS.append(self)
        self.last = None
        return self

    def __exit__(self, *_):
        if CONDITIONS and CONDITIONS[-1] is self:
            CONDITIONS.pop()
        return False


def polling_condition(fun=None, *, seconds_interval=None, interval=None, description=None):
    if seconds_interval is not None and interval is not None:
        raise TypeError("polling_condition() takes either 'interval' or 'seconds_interval'")
    given = interval if interval is not None else seconds_interval
    span = 2.0 if given is None else seconds(given)
    if fun is None:
        return lambda function: PollingCondition(function, span, description)
    return PollingCondition(fun, span, description)


class Logger:
    def say(self, level, msg, attributes={}):
        link.call(None, "log", [str(msg), level, attributes.get("machine")], {})

    def log(self, message, attributes={}):
        self.say("info", message, attributes)

    def debug(self, msg, *args, **kwargs):
        self.say("debug", msg, kwargs)

    def info(self, msg, *args, **kwargs):
        self.say("info", msg, kwargs)

    def warning(self, msg, *args, **kwargs):
        self.say("warning", f"warning: {msg}", kwargs)

    def error(self, msg, *args, **kwargs):
        self.say("error", f"error: {msg}", kwargs)
        finish(False, error=SystemExit(str(msg)))
        os._exit(1)

    def log_serial(self, message, machine):
        link.call(machine, "log_serial", [str(message)], {})

    def log_test_error(self, msg, *args, **kwargs):
        self.say("error", msg, kwargs)

    def print_serial_logs(self, enable):
        link.call(None, "serial_stdout_on" if enable else "serial_stdout_off", [], {})

    def set_log_level(self, level):
        """Takes a name, a level of Python's `logging`, or a member of an enumeration."""
        level = getattr(level, "name", level)
        if isinstance(level, int):
            level = ("debug", "info", "warning", "error")[min(max(level // 10 - 1, 0), 3)]
        link.call(None, "set_log_level", [level], {})

    def nested(self, message, attributes={}):
        return step(message)

    def subtest(self, name, attributes={}):
        return subtest(name)


log = Logger()


class LazyTestCase:
    """`unittest` takes a while to load, and few scripts use it."""

    _case = None

    def __getattr__(self, name):
        if LazyTestCase._case is None:
            import unittest

            class Case(unittest.TestCase):
                failureException = RequestedAssertionFailed

            LazyTestCase._case = Case("__init__")
        return getattr(LazyTestCase._case, name)


class NoDebug:
    enabled = False

    def breakpoint(self, host="127.0.0.1", port=4444):
        pass


def make_debug(setup):
    if not setup["debug_hook"]:
        return NoDebug()
    from test_driver.debug import Debug  # takes a while to load, and few tests want it

    # Whoever does not look at the log would wait with the test.
    return Debug(True, lambda text: link.call(None, "notice", [text], {}))


def stop_where_failed(debug, error):
    """What fails because of a machine is not understood by looking at the script."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == SCRIPT]
    if debug.enabled and frames and not isinstance(error, (MachineError, SystemExit, KeyboardInterrupt)):
        log.log_test_error(f"{type(error).__name__}: {error}")
        debug.failed(frames[-1])


class Vlan:
    def __init__(self, nr, setup):
        self.nr = nr
        self._folder = setup["tmp_dir"]

    socket_dir = property(lambda self: path(self._folder))

    def __repr__(self):
        return f"<Vlan Nr. {self.nr}>"

    def stop(self):
        pass


class Driver:
    def __init__(self, namespace, machines, vlans, setup):
        self.namespace = namespace
        self.machines = machines
        self.machines_qemu = [m for m in machines if isinstance(m, QemuMachine)]
        self.machines_nspawn = [m for m in machines if isinstance(m, NspawnMachine)]
        self.vlans = vlans
        self._out_dir = setup["out_dir"]
        self.tests = setup["script"]
        self.logger = log
        self.debug = make_debug(setup)
        self.polling_conditions = CONDITIONS

    out_dir = property(lambda self: path(self._out_dir))

    def test_script(self):
        run_script(self.tests, self.namespace)

    run_tests = test_script
    subtest = staticmethod(subtest)
    polling_condition = staticmethod(polling_condition)

    def test_symbols(self):
        """What a script sees, by its name there."""
        return {name: value for name, value in self.namespace.items() if not name.startswith("__")}

    def __getattr__(self, name):
        if name in OF_DRIVER:
            return self.namespace[name]
        raise AttributeError(f"'Driver' object has no attribute '{name}'")


# Functions of a script's that are also the driver's own.
OF_DRIVER = ("create_machine", "dump_machine_ssh", "join_all", "serial_stdout_off", "serial_stdout_on", "start_all")


def create_machine(start_command, *, name=None, keep_machine_state=False, keep_vm_state=False):
    if isinstance(start_command, dict):  # as scripts have it that are older than the arguments
        described = start_command
        start_command = described.get("startCommand") or qemu_command(described)
        name = name or described.get("name")
        keep_vm_state = keep_vm_state or described.get("keepVmState", False)
    if name is None:
        name = name_of_command(start_command)
    keep = keep_machine_state or keep_vm_state
    return QemuMachine(link.call(None, "create_machine", [start_command, name, keep], {}), SETUP)


def qemu_command(described):
    """The command for a machine that is described by its parts."""
    import shlex

    words = [described.get("qemuBinary", "qemu-kvm"), "-m", "384"]
    net = ["user,id=net0", described.get("netBackendArgs")], ["virtio-net-pci,netdev=net0", described.get("netFrontendArgs")]
    for option, parts in zip(("-netdev", "-device"), net):
        words += [option, ",".join(part for part in parts if part)]
    if "hda" in described:
        file = f"file={os.path.abspath(os.fspath(described['hda']))}"
        if described.get("hdaInterface") == "scsi":
            words += ["-drive", f"id=hda,{file},werror=report,if=none", "-device", "virtio-scsi-pci"]
            words += ["-device", "scsi-hd,drive=hda"]
        else:
            words += ["-drive", f"{file},if={described.get('hdaInterface', 'virtio')},werror=report"]
    if "cdrom" in described:
        words += ["-cdrom", os.fspath(described["cdrom"])]
    if "usb" in described:
        words += ["-device", "piix3-usb-uhci", "-drive", f"id=usbdisk,file={described['usb']},if=none,readonly=on"]
        words += ["-device", "usb-storage,drive=usbdisk"]
    if "bios" in described:
        words += ["-bios", os.fspath(described["bios"])]
    # These are words already, as the shell reads them.
    return " ".join([shlex.join(words), described.get("qemuFlags", "")]).strip()


def name_of_command(command):
    """`run-NAME-vm` is how programs are called that start the machine NAME."""
    import re

    words = command.split()
    found = re.search(r"(?:^|/)run-([^/]+)-vm$", words[0]) if words else None
    return found[1] if found else "machine"


def dump_machine_ssh():
    log.log("there is no ssh backdoor; use `firn test shell`")


def driver_function(name):
    def forward(*args, **kwargs):
        return link.call(None, name, args, kwargs)

    forward.__name__ = name
    return forward


def make_globals(setup):
    machines = []
    for node in setup["nodes"]:
        kind = QemuMachine if node["backend"] == "vm" else NspawnMachine
        machines.append(kind(node, setup))
    vlans = [Vlan(number, setup) for number in setup["vlans"]]
    namespace = {"__name__": "__main__", "__builtins__": builtins}
    driver = Driver(namespace, machines, vlans, setup)
    namespace.update(
        {name: driver_function(name) for name in ("start_all", "join_all", "serial_stdout_on", "serial_stdout_off")}
    )
    namespace.update(
        machines=machines,
        machines_qemu=driver.machines_qemu,
        machines_nspawn=driver.machines_nspawn,
        vlans=vlans,
        driver=driver,
        log=log,
        os=os,
        subtest=subtest,
        retry=retry,
        polling_condition=polling_condition,
        create_machine=create_machine,
        dump_machine_ssh=dump_machine_ssh,
        test_script=driver.test_script,
        run_tests=driver.test_script,
        t=LazyTestCase(),
        debug=driver.debug,
        Machine=BaseMachine,
        BaseMachine=BaseMachine,
        QemuMachine=QemuMachine,
        NspawnMachine=NspawnMachine,
    )
    namespace.update({f"vlan{vlan.nr}": vlan for vlan in vlans})
    namespace.update({node["variable"]: machine for node, machine in zip(setup["nodes"], machines)})
    if len(machines) == 1:
        namespace["machine"] = machines[0]
    return namespace


def run_script(text, namespace):
    linecache.cache[SCRIPT] = (len(text), None, text.splitlines(True), SCRIPT)
    exec(compile(text, SCRIPT, "exec"), namespace, None)


def told_of(error, hidden=()):
    """The traceback without the frames of files that mean nothing to the script."""
    told = traceback.TracebackException(type(error), error, error.__traceback__)
    own = os.path.dirname(__file__)
    meant = [f for f in told.stack if f.filename not in hidden and not f.filename.startswith(own)]
    told.stack = traceback.StackSummary.from_list(meant)
    return "".join(told.format())


def values_of(error):
    """What the names in a failed `assert` without words stand for."""
    frames = list(traceback.walk_tb(error.__traceback__))
    if not isinstance(error, AssertionError) or str(error) or not frames:
        return ""
    frame, line = frames[-1]
    if frame.f_code.co_filename != SCRIPT:
        return ""
    import ast
    from types import FunctionType, ModuleType

    asserts = (node for node in ast.walk(ast.parse("".join(linecache.getlines(SCRIPT)))) if isinstance(node, ast.Assert))
    names = {
        node.id: None
        for failed in asserts
        if failed.lineno <= line <= failed.end_lineno
        for node in ast.walk(failed.test)
        if isinstance(node, ast.Name)
    }
    found = {}
    for name in names:
        value = frame.f_locals.get(name, frame.f_globals.get(name))
        if value is not None and not isinstance(value, (type, FunctionType, ModuleType, BaseMachine)):
            text = repr(value)
            found[name] = text if len(text) < 1000 else text[:1000] + "…"
    return "".join(f"\nwhere {name} = {text}" for name, text in found.items())


def finish(ok, error=None):
    ending = {"ok": ok}
    if error is not None:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == SCRIPT]
        ending["class"] = type(error).__name__
        ending["message"] = str(error)
        ending["frames"] = [{"line": f.lineno, "function": f.name, "source": f.line or ""} for f in frames]
        ending["traceback"] = told_of(error).rstrip() + values_of(error)
    link.talk({"finish": ending})


# Where other drivers keep it, too.
HISTORY = ".nixos-test-history"


@contextlib.contextmanager
def history(readline):
    """What was typed in earlier sessions is at hand, and so will be what is typed in this one."""
    file = os.path.abspath(HISTORY)
    with contextlib.suppress(OSError):
        readline.read_history_file(file)
    readline.set_history_length(1000)
    yield
    with contextlib.suppress(OSError):
        readline.write_history_file(file)


def prompt(namespace):
    import code

    class Prompt(code.InteractiveConsole):
        def showtraceback(self):
            self.write(told_of(sys.exc_info()[1], hidden=(code.__file__,)))

    return Prompt(namespace)


def interact(namespace):
    try:
        import readline
        import rlcompleter

        readline.set_completer(rlcompleter.Completer(namespace).complete)
        readline.parse_and_bind("tab: complete")
        kept = history(readline)
    except ImportError:
        kept = contextlib.nullcontext()
    names = ", ".join(sorted(name for name in namespace if not name.startswith("_")))
    for machine in namespace["machines"]:
        for port in machine.forwarded_ports:
            log.log(f"{machine.name}: {port}")
    banner = f"names: {names}\nstart_all() starts the machines, test_script() runs the script, control-d ends"
    with kept:
        prompt(namespace).interact(banner=banner, exitmsg="")


def main():
    global link, SETUP
    link = Link(sys.argv[1])
    warnings.simplefilter("ignore")
    setup = SETUP = link.talk({"hello": True})
    sys.path[:0] = setup["python_path"]
    add_methods(setup["methods"]["machine"])
    namespace = make_globals(setup)
    try:
        if setup["mode"] == "run":
            run_script(setup["script"], namespace)
        elif setup["mode"] == "interactive":
            interact(namespace)
    except SystemExit as error:
        if error.code not in (None, 0):
            return finish(False, error)
    except BaseException as error:
        stop_where_failed(namespace["debug"], error)
        return finish(False, error)
    finish(True)


main()
