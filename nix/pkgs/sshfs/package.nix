{ fromDebian, lib }:
fromDebian "sshfs" {
  meta = {
    description = "Mounts folders over ssh";
    homepage = "https://github.com/libfuse/sshfs";
    license = lib.licenses.gpl2Plus;
    mainProgram = "sshfs";
  };
}
