"""Classes of errors, where other drivers have them."""


class RequestedAssertionFailed(AssertionError):
    """An expectation of the test did not hold."""


class MachineError(Exception):
    """A machine or its surroundings failed."""


class MachineTimeout(MachineError, TimeoutError):
    """A machine took longer than a limit."""


class PollingConditionError(MachineError):
    """A polling condition ceased to hold."""


for _class in (RequestedAssertionFailed, MachineError, MachineTimeout, PollingConditionError):
    _class.__module__ = "builtins"
