# What a git repository's files say, without running git (part of `lib.sources`).
{ lib }:
let
  inherit (builtins)
    filter
    head
    isString
    match
    ;
  inherit (lib.filesystem) pathIsRegularFile;
  inherit (lib.strings)
    fileContents
    hasPrefix
    removePrefix
    removeSuffix
    ;

  absolute =
    base: path:
    if hasPrefix "/" path then
      path
    else if hasPrefix "/" base then
      "${base}/${path}"
    else
      "/${base}/${path}";

  # A work tree's `.git` is a file that names its folder, which names the one it shares.
  followWorktree =
    reference: file:
    let
      link = match "gitdir: (.*)" (fileContents file);
      folder = absolute (dirOf file) (head link);
      shared =
        if pathIsRegularFile "${folder}/commondir" then fileContents "${folder}/commondir" else folder;
      common = absolute folder (removeSuffix "/" shared);
    in
    if link == null then
      { error = "File contains no gitdir reference: ${toString file}"; }
    else
      resolve (removePrefix "${common}/" "${folder}/${reference}") common;

  # A reference is a commit or the name of another one.
  followReference =
    reference: folder:
    let
      content = fileContents (folder + "/${reference}");
      next = match "ref: (.*)" content;
    in
    if next == null then { value = content; } else resolve (head next) folder;

  # Many references are packed into one file: lines of commit and name.
  findPacked =
    reference: file:
    let
      commitOf = match "([a-z0-9]+) ${lib.strings.escapeRegex reference}";
      lines = filter (line: isString line && commitOf line != null) (
        builtins.split "\n" (builtins.readFile file)
      );
    in
    if lines == [ ] then
      { error = "Could not find ${reference} in ${toString file}"; }
    else
      { value = head (commitOf (head lines)); };

  # `{ value }` with the commit, or `{ error }`.
  resolve =
    reference: path:
    if pathIsRegularFile path then
      followWorktree reference path
    else if pathIsRegularFile (path + "/${reference}") then
      followReference reference path
    else if pathIsRegularFile (path + "/packed-refs") then
      findPacked reference (path + "/packed-refs")
    else
      { error = "Not a .git directory: ${toString path}"; };
in
{
  /**
    Whether a path is the `.git` of a repository with a commit.

    # Type
    `pathIsGitRepo :: Path -> Bool`

    # Example
    lib.pathIsGitRepo /.
    => false
  */
  pathIsGitRepo = path: resolve "HEAD" path ? value;

  /**
    The commit that is checked out, from the path of a `.git`.

    # Type
    `commitIdFromGitRepo :: Path -> String`

    # Example
    builtins.stringLength (lib.commitIdFromGitRepo ./project/.git)
    => 40
  */
  commitIdFromGitRepo =
    path:
    let
      result = resolve "HEAD" path;
    in
    result.value or (throw result.error);
}
