# A screen: the X server with somebody logged in, windows by their names, keys, pictures and the text on them.
{ pkgs, ... }:
{
  name = "screen";
  globalTimeout = 1800;
  enableOCR = true;

  nodes.machine = {
    services.xserver = {
      enable = true;
      windowManager.icewm.enable = true;
      displayManager.lightdm.greeter.enable = false;
    };
    services.displayManager = {
      defaultSession = "none+icewm";
      autoLogin.user = "alice";
    };
    users.users.alice = {
      isNormalUser = true;
      uid = 1000;
    };
    # No bar at the bottom, whose clock is text as well.
    environment.etc."icewm/preferences".text = "ShowTaskBar=0\n";
    environment.systemPackages = [ pkgs.xdotool ];
  };

  testScript = ''
    def size(picture):
        with open(picture, "rb") as file:
            head = file.read(24)
        return tuple(int.from_bytes(head[at : at + 4], "big") for at in [16, 20])


    with subtest("a session"):
        machine.wait_for_x()
        machine.wait_for_file("/home/alice/.Xauthority")
        machine.succeed("xauth merge ~alice/.Xauthority")
        machine.wait_for_unit("graphical-session.target", "alice")

    with subtest("windows"):
        assert not [name for name in machine.get_window_names() if name == "Greetings"]
        machine.succeed(
            "su - alice -c 'DISPLAY=:0 xterm -title Greetings -fa Monospace -fs 24 >/dev/null 2>&1 &'"
        )
        machine.wait_for_window("^Greetings$")
        machine.wait_until_succeeds("xdotool search --name Greetings windowfocus")

    with subtest("keys"):
        machine.send_chars("echo snow falls slowly > /tmp/said\n")
        machine.wait_until_succeeds("grep 'snow falls slowly' /tmp/said")

    with subtest("text"):
        machine.send_chars("clear; echo glacier\n")
        machine.wait_for_text("glacier")
        machine.screenshot("terminal")
        assert size("terminal.png") >= (640, 480), size("terminal.png")
        assert len(machine.get_screen_text_variants()) == 3
  '';
}
