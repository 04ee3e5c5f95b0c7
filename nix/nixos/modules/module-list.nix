# The modules that a machine has before anybody's own.
import ../../modules
