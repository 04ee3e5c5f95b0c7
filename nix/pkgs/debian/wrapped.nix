# Which packages of named.nix look for their parts in folders of /usr, and what tells them the store's: "python" or
# "ruby", whose modules they need, or variables (../../build/debian/wrap.nix).
{
  ansible = "python";
  ansible-lint = "python";
  asciidoctor = "ruby";
  awscli = "python";
  black = "python";
  codespell = "python";
  diceware = "python";
  docker-compose = "python";
  emacs = { EMACSLOADPATH = "share/emacs/28.2/lisp"; EMACSDATA = "share/emacs/28.2/etc"; EMACSDOC = "share/emacs/28.2/etc"; EMACSPATH = "libexec/emacs/28.2/x86_64-linux-gnu"; };
  figlet = { FIGLET_FONTDIR = "share/figlet"; };
  glances = "python";
  isort = "python";
  khal = "python";
  litecli = "python";
  lolcat = "ruby";
  mercurial = "python";
  mycli = "python";
  nmap = { NMAPDIR = "share/nmap"; };
  pandoc = { pandoc_datadir = "share/pandoc"; };
  pgcli = "python";
  pipenv = "python";
  poetry = "python";
  pylint = "python";
  ranger = "python";
  s3cmd = "python";
  scons = "python";
  units = { UNITSFILE = "share/units/definitions.units"; };
  vdirsyncer = "python";
  virtualenv = "python";
  yamllint = "python";
  yq = "python";
  yt-dlp = "python";
}
