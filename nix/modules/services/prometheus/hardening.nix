# What none of Prometheus' programs needs.
import ../../hardening.nix
// {
  CapabilityBoundingSet = [ "" ];
  PrivateDevices = true;
  ProtectClock = true;
  RemoveIPC = true;
}
