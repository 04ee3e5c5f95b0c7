# A small wiki, packed into a ZIM file when it is built.
{ runCommand, zim-tools }:
runCommand "snow.zim" { nativeBuildInputs = [ zim-tools ]; } ''
  mkdir site
  echo '<html><head><title>Firn</title></head><body>Snow of last year.</body></html>' > site/index.html
  printf '\211PNG\r\n\032\n' > site/icon.png
  zimwriterfs --welcome index.html --illustration icon.png --language eng --title Snow --description "About snow" \
    --creator us --publisher us --name snow --withoutFTIndex site "$out"
''
