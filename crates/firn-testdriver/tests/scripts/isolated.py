# ends: well
import os
import sys

assert sys.flags.no_user_site and sys.flags.safe_path
assert [name for name in os.environ if name.startswith("PYTHON")] == ["PYTHONSAFEPATH"]
assert "" not in sys.path and os.getcwd() not in sys.path
