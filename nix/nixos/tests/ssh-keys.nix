# Keys for tests of ssh. Everybody has the private ones: never let anything real trust them.
pkgs: {
  snakeOilPrivateKey = pkgs.writeText "privkey.snakeoil" ''
    -----BEGIN OPENSSH PRIVATE KEY-----
    b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS
    1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQSJveoG1Wig8VwM16dEYcIie89ktNyY
    HPF+uDsef7DTmpxiISzppZv/g4HUnB3RbF5JghzZMqwBf4iLzNNp0PdeAAAAoHKpGKByqR
    igAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBIm96gbVaKDxXAzX
    p0RhwiJ7z2S03Jgc8X64Ox5/sNOanGIhLOmlm/+DgdScHdFsXkmCHNkyrAF/iIvM02nQ91
    4AAAAgQhFIVz8c9mdRhMtmuLpp+Q6wDcu+7Eil+5np1q8AE2MAAAAIc25ha2VvaWw=
    -----END OPENSSH PRIVATE KEY-----
  '';
  snakeOilPublicKey = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBIm96gbVaKDxXAzXp0RhwiJ7z2S03Jgc8X64Ox5/sNOanGIhLOmlm/+DgdScHdFsXkmCHNkyrAF/iIvM02nQ914= snakeoil";
  snakeOilEd25519PrivateKey = pkgs.writeText "privkey.snakeoil" ''
    -----BEGIN OPENSSH PRIVATE KEY-----
    b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
    QyNTUxOQAAACB48EiEf3ehdKTYg4G1xTCsREPeUh+y4NhJpyOvN9JjkQAAAJCNDDSGjQw0
    hgAAAAtzc2gtZWQyNTUxOQAAACB48EiEf3ehdKTYg4G1xTCsREPeUh+y4NhJpyOvN9JjkQ
    AAAECM/3s3Ycf7I5yl78Rc/euvY99V/VRyd/uX52u4X/ewCnjwSIR/d6F0pNiDgbXFMKxE
    Q95SH7Lg2EmnI6830mORAAAACHNuYWtlb2lsAQIDBAU=
    -----END OPENSSH PRIVATE KEY-----
  '';
  snakeOilEd25519PublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHjwSIR/d6F0pNiDgbXFMKxEQ95SH7Lg2EmnI6830mOR snakeoil";
}
