# Values defined in terms of themselves, and overlays over them.
{ lib }:
let
  inherit (lib.trivial) isFunction;

  fixedPoints = {
    /**
      The least value `x` with `x = f x`: what a recursive attribute set is made with.

      # Type
      `fix :: (a -> a) -> a`

      # Example
      lib.fix (self: { a = 1; b = self.a + 1; })
      => { a = 1; b = 2; }
    */
    fix =
      function:
      let
        self = function self;
      in
      self;

    /**
      `fix` for attribute sets, which keeps the function as `__unfix__`.

      # Type
      `fix' :: (AttrSet -> AttrSet) -> AttrSet`

      # Example
      (lib.fix' (self: { a = 1; })).a
      => 1
    */
    fix' =
      function:
      let
        self = function self // {
          __unfix__ = function;
        };
      in
      self;

    /**
      Applies a function again and again until its result no longer changes.

      # Type
      `converge :: (a -> a) -> a -> a`

      # Example
      lib.converge (x: x / 2) 16
      => 0
    */
    converge =
      function: value:
      let
        next = function value;
      in
      if next == value then value else fixedPoints.converge function next;

    /**
      Lays an overlay `final: prev: { … }` over a function of the fixed point. The overlay sees the
      final attributes and the ones it changes.

      # Type
      `extends :: (AttrSet -> AttrSet -> AttrSet) -> (AttrSet -> AttrSet) -> AttrSet -> AttrSet`

      # Example
      lib.fix (lib.extends (final: prev: { b = prev.a + 1; }) (final: { a = 1; }))
      => { a = 1; b = 2; }
    */
    extends =
      overlay: base: final:
      let
        prev = base final;
      in
      prev // overlay final prev;

    /**
      Two overlays as one; the second sees what the first made.

      # Type
      `composeExtensions :: Overlay -> Overlay -> Overlay`

      # Example
      lib.composeExtensions (final: prev: { a = 1; }) (final: prev: { b = prev.a; }) { } { }
      => { a = 1; b = 1; }
    */
    composeExtensions =
      first: second: final: prev:
      let
        changed = first final prev;
      in
      changed // second final (prev // changed);

    /**
      A list of overlays as one, the first applied first.

      # Type
      `composeManyExtensions :: [Overlay] -> Overlay`

      # Example
      lib.composeManyExtensions [ (final: prev: { a = 1; }) (final: prev: { a = prev.a + 1; }) ] { } { }
      => { a = 2; }
    */
    composeManyExtensions = lib.lists.foldr fixedPoints.composeExtensions (_: _: { });

    /**
      A recursive attribute set with an attribute `extend` that lays an overlay over it.

      # Type
      `makeExtensible :: (AttrSet -> AttrSet) -> AttrSet`

      # Example
      ((lib.makeExtensible (self: { a = 1; b = self.a; })).extend (final: prev: { a = 2; })).b
      => 2
    */
    makeExtensible = fixedPoints.makeExtensibleWithCustomName "extend";

    /**
      `makeExtensible` with another name in place of `extend`.

      # Type
      `makeExtensibleWithCustomName :: String -> (AttrSet -> AttrSet) -> AttrSet`

      # Example
      ((lib.makeExtensibleWithCustomName "more" (self: { a = 1; })).more (final: prev: { b = 2; })).b
      => 2
    */
    makeExtensibleWithCustomName =
      name: function:
      fixedPoints.fix' (
        self:
        function self
        // {
          ${name} =
            overlay:
            fixedPoints.makeExtensibleWithCustomName name (fixedPoints.extends overlay function);
        }
      );

    /**
      Makes an overlay of what people write for one: an attribute set, a function of the previous
      attributes, or an overlay.

      # Type
      `toExtension :: (AttrSet | AttrSet -> AttrSet | Overlay) -> Overlay`

      # Example
      lib.toExtension (prev: { b = prev.a; }) { } { a = 1; }
      => { b = 1; }
    */
    toExtension =
      change:
      if !isFunction change then
        _: _: change
      else
        final: prev:
        let
          result = change prev;
        in
        if isFunction result then change final prev else result;
  };
in
fixedPoints
