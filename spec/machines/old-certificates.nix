{
  security.acme.acceptTerms = true;
  security.acme.email = "someone@example.com";
  security.acme.certs."example.org" = {
    webroot = "/srv/challenges";
    extraDomains."conference.example.org" = null;
  };
}
