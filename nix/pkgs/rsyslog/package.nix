{ fromDebian, lib }:
fromDebian "rsyslog" {
  meta = {
    description = "System log daemon";
    homepage = "https://www.rsyslog.com/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "rsyslogd";
  };
}
