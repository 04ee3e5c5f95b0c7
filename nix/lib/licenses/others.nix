# Licences that SPDX does not list, or that are listed under a name of their own.
{
  acsl14 = {
    fullName = "Anti-Capitalist Software License v1.4";
    url = "https://anticapitalist.software/";
    free = false;
  };
  activision = {
    fullName = "Activision EULA";
    url = "https://www.doomworld.com/eternity/activision_eula.txt";
    free = false;
  };
  amazonsl = {
    fullName = "Amazon Software License";
    url = "https://aws.amazon.com/asl/";
    free = false;
  };
  amd = {
    fullName = "AMD License Agreement";
    url = "https://developer.amd.com/amd-license-agreement/";
    free = false;
  };
  aom = {
    fullName = "Alliance for Open Media Patent License 1.0";
    url = "https://aomedia.org/license/patent-license/";
  };
  bsdAxisNoDisclaimerUnmodified = {
    fullName = "BSD-Axis without Warranty Disclaimer with Unmodified requirement";
    url = "https://scancode-licensedb.aboutcode.org/bsd-no-disclaimer-unmodified.html";
  };
  cockroachdb-community-license = {
    fullName = "CockroachDB Community License Agreement";
    url = "https://www.cockroachlabs.com/cockroachdb-community-license/";
    free = false;
  };
  commons-clause = {
    fullName = "Commons Clause License";
    url = "https://commonsclause.com/";
    free = false;
  };
  databricks = {
    fullName = "Databricks License";
    url = "https://www.databricks.com/legal/db-license";
    free = false;
  };
  databricks-dbx = {
    fullName = "DataBricks eXtensions aka dbx License";
    url = "https://github.com/databrickslabs/dbx/blob/743b579a4ac44531f764c6e522dbe5a81a7dc0e4/LICENSE";
    free = false;
  };
  databricks-license = {
    fullName = "Databricks License";
    url = "https://www.databricks.com/legal/db-license";
    free = false;
  };
  eapl = {
    fullName = "EPSON AVASYS PUBLIC LICENSE";
    url = "https://avasys.jp/hp/menu000000700/hpg000000603.htm";
    free = false;
  };
  ecl20 = {
    shortName = "ECL 2.0";
    spdxId = "ECL-2.0";
    fullName = "Educational Community License, Version 2.0";
  };
  enpl = {
    fullName = "Emmi AI Non-Production License";
    url = "https://github.com/Emmi-AI/noether/blob/main/LICENSE.txt";
    free = false;
    redistributable = true;
  };
  epson = {
    fullName = "Seiko Epson Corporation Software License Agreement for Linux";
    url = "https://download.ebz.epson.net/dsc/du/02/eula/global/LINUX_EN.html";
    free = false;
  };
  fairsource09 = {
    fullName = "Fair Source License, version 0.9";
    url = "https://fair.io/v0.9.txt";
    free = false;
    redistributable = true;
  };
  ffsl = {
    fullName = "Floodgap Free Software License";
    url = "https://www.floodgap.com/software/ffsl/license.html";
    free = false;
  };
  free = {
    fullName = "Unspecified free software license";
  };
  g4sl = {
    fullName = "Geant4 Software License";
    url = "https://geant4.web.cern.ch/geant4/license/LICENSE.html";
  };
  generaluser = {
    fullName = "GeneralUser GS License v2.0";
    url = "https://www.schristiancollins.com/generaluser.php";
  };
  geogebra = {
    fullName = "GeoGebra Non-Commercial License Agreement";
    url = "https://www.geogebra.org/license";
    free = false;
  };
  gfl = {
    fullName = "GUST Font License";
    url = "https://www.gust.org.pl/projects/e-foundry/licenses/GUST-FONT-LICENSE.txt";
  };
  gfsl = {
    fullName = "GUST Font Source License";
    url = "https://www.gust.org.pl/projects/e-foundry/licenses/GUST-FONT-SOURCE-LICENSE.txt";
  };
  hl3 = {
    fullName = "Hippocratic License v3.0";
    url = "https://firstdonoharm.dev/version/3/0/core.txt";
    free = false;
    redistributable = true;
  };
  hpndDifferentDisclaimer = {
    fullName = "HPND with different disclaimer";
    url = "https://gitlab.freedesktop.org/xorg/proto/xorgproto/-/blob/1914233e662d23ffb3812b80fadd0bbd064ad91c/COPYING-x11proto#L69-88";
  };
  inria-compcert = {
    fullName = "INRIA Non-Commercial License Agreement for the CompCert verified compiler";
    url = "https://compcert.org/doc/LICENSE.txt";
    free = false;
  };
  inria-icesl = {
    fullName = "End User License Agreement for IceSL Software";
    url = "https://icesl.loria.fr/assets/pdf/EULA_IceSL_binary.pdf";
    free = false;
  };
  inria-zelus = {
    fullName = "INRIA Non-Commercial License Agreement for the Zélus compiler";
    url = "https://github.com/INRIA/zelus/raw/829f2b97cba93b0543a9ca0272269e6b8fdad356/LICENSE";
    free = false;
  };
  intel-eula = {
    fullName = "Intel End User License Agreement for Developer Tools";
    url = "https://software.intel.com/sites/manageability/AMT_Implementation_and_Reference_Guide/WordDocuments/intelamtsdklicense.htm";
    free = false;
  };
  issl = {
    fullName = "Intel Simplified Software License";
    url = "https://software.intel.com/en-us/license/intel-simplified-software-license";
    free = false;
  };
  lens = {
    fullName = "Lens Terms of Service Agreement";
    url = "https://k8slens.dev/legal/tos";
    free = false;
  };
  llgpl21 = {
    fullName = "Lisp LGPL; GNU Lesser General Public License version 2.1 with Franz Inc. preamble for clarification of LGPL terms in context of Lisp";
    url = "https://opensource.franz.com/preamble.html";
  };
  netboxLimitedUse = {
    fullName = "NetBox Limited Use License 1.0";
    url = "https://github.com/netboxlabs/netbox-branching/blob/8465b9aee69ded23930cfe1a522695bfb8955a5a/LICENSE.md";
    free = false;
  };
  nvidiaCuda = {
    shortName = "CUDA EULA";
    fullName = "CUDA Toolkit End User License Agreement (EULA)";
    url = "https://docs.nvidia.com/cuda/eula/index.html#cuda-toolkit-supplement-license-agreement";
    free = false;
  };
  nvidiaCudaRedist = {
    shortName = "CUDA EULA";
    fullName = "CUDA Toolkit End User License Agreement (EULA)";
    url = "https://docs.nvidia.com/cuda/eula/index.html#cuda-toolkit-supplement-license-agreement";
    free = false;
    redistributable = true;
  };
  obsidian = {
    fullName = "Obsidian End User Agreement";
    url = "https://obsidian.md/eula";
    free = false;
  };
  ocamlpro_nc = {
    fullName = "OCamlPro Non Commercial license version 1";
    url = "https://alt-ergo.ocamlpro.com/http/alt-ergo-2.2.0/OCamlPro-Non-Commercial-License.pdf";
    free = false;
  };
  postman = {
    fullName = "Postman EULA";
    url = "https://www.getpostman.com/licenses/postman_base_app";
    free = false;
  };
  prosperity30 = {
    fullName = "Prosperity-3.0.0";
    url = "https://prosperitylicense.com/versions/3.0.0.html";
    free = false;
  };
  publicDomain = {
    fullName = "Public Domain";
  };
  # Free but for uses that it forbids.
  reticulum = {
    fullName = "Reticulum License";
    url = "https://reticulum.network/license";
    free = false;
  };
  sfl = {
    fullName = "Source First License 1.1";
    url = "https://gitlab.futo.org/videostreaming/grayjay/-/blob/master/LICENSE.md";
    free = false;
    redistributable = true;
  };
  stk = {
    fullName = "Synthesis Tool Kit 4.3";
    url = "https://github.com/thestk/stk/blob/master/LICENSE";
  };
  sudo = {
    fullName = "Sudo License (ISC-style)";
    url = "https://www.sudo.ws/about/license/";
  };
  teamspeak = {
    fullName = "Teamspeak client license";
    url = "https://www.teamspeak.com/en/privacy-and-terms/";
    free = false;
    redistributable = true;
  };
  tsl = {
    shortName = "TSL";
    fullName = "Timescale License Agreement";
    url = "https://github.com/timescale/timescaledb/blob/main/tsl/LICENSE-TIMESCALE";
    free = false;
  };
  ucd = {
    fullName = "Unicode Character Database License";
    url = "https://fedoraproject.org/wiki/Licensing:UCD";
  };
  unfree = {
    fullName = "Unfree";
    free = false;
  };
  unfreeRedistributable = {
    fullName = "Unfree redistributable";
    free = false;
    redistributable = true;
  };
  unfreeRedistributableFirmware = {
    fullName = "Unfree redistributable firmware";
  };
  virtualbox-puel = {
    fullName = "Oracle VM VirtualBox Extension Pack Personal Use and Evaluation License (PUEL)";
    url = "https://www.virtualbox.org/wiki/VirtualBox_PUEL";
    free = false;
  };
  vol-sl = {
    fullName = "Volatility Software License, Version 1.0";
    url = "https://www.volatilityfoundation.org/license/vsl-v1.0";
  };
  wadalab = {
    fullName = "Wadalab Font License";
    url = "https://fedoraproject.org/wiki/Licensing:Wadalab?rd=Licensing/Wadalab";
  };
  x11BsdClause = {
    fullName = "X11 License with third BSD clause";
    url = "https://gitlab.freedesktop.org/xorg/driver/xf86-video-geode/-/blob/d147c3f1b6907ae9db6f12853cedd450537d99d2/COPYING";
  };
}
