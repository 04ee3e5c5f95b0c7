{ fromDebian, lib }:
fromDebian "psmisc" {
  meta = {
    description = "killall, fuser and pstree";
    homepage = "https://gitlab.com/psmisc/psmisc";
    license = lib.licenses.gpl2Plus;
  };
}
