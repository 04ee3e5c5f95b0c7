# People who look after packages, by handle.
{ lib }:
{
  firn = {
    name = "The firn developers";
    github = "firn";
    email = "maintainers@firn.invalid";
  };
}
