{ fromDebian, lib }:
fromDebian "wget" {
  meta = {
    description = "Fetches files over HTTP and FTP";
    homepage = "https://www.gnu.org/software/wget/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "wget";
  };
}
