{
  wrapDebian,
  debianGroups,
  lib,
}:
wrapDebian debianGroups.avahi-daemon {
  pname = "avahi";
  meta = {
    description = "Finds services in the local network";
    homepage = "https://www.avahi.org/";
    license = lib.licenses.lgpl21Plus;
    mainProgram = "avahi-daemon";
  };
} ''
  mkdir -p $out/etc/avahi/services
  for part in ${debianGroups.avahi-daemon}/*; do
    [ "$(basename $part)" = etc ] || ln -s $part $out/
  done
  for part in ${debianGroups.avahi-daemon}/etc/*; do
    [ "$(basename $part)" = avahi ] || ln -s $part $out/etc/
  done
  for part in ${debianGroups.avahi-daemon}/etc/avahi/*; do
    [ "$(basename $part)" = services ] || ln -s $part $out/etc/avahi/
  done
  # What people announce most; Debian has it among the documentation only.
  for service in ssh:22 sftp-ssh:22; do
    cat > $out/etc/avahi/services/''${service%%:*}.service <<END
  <?xml version="1.0" standalone='no'?>
  <!DOCTYPE service-group SYSTEM "avahi-service.dtd">
  <service-group>
    <name replace-wildcards="yes">%h</name>
    <service>
      <type>_''${service%%:*}._tcp</type>
      <port>''${service##*:}</port>
    </service>
  </service-group>
  END
  done
''
