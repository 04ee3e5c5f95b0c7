# The session of a window manager that base has not.
{
  services.xserver.enable = true;
  services.xserver.windowManager.xmonad.enable = true;
  services.displayManager.defaultSession = "none+xmonad";
  services.displayManager.autoLogin.user = "alice";
  users.users.alice.isNormalUser = true;
}
