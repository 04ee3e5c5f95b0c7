//! Random expressions, as trees that can be made smaller.

/// A generator of numbers that depend on the seed alone (xorshift).
pub struct Numbers(pub u64);

impl Numbers {
    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    /// One of these.
    pub fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }
}

/// An expression: a template, in which `%` stands for the next part.
#[derive(Clone)]
pub struct Tree {
    template: String,
    pub parts: Vec<Tree>,
}

impl Tree {
    /// An expression without parts.
    pub fn leaf(text: impl Into<String>) -> Tree {
        Tree { template: text.into(), parts: Vec::new() }
    }

    /// Its source text.
    pub fn text(&self) -> String {
        if self.parts.is_empty() {
            return self.template.clone();
        }
        let mut parts = self.parts.iter();
        let mut out = String::new();
        for c in self.template.chars() {
            match (c, &mut parts) {
                ('%', parts) => out.push_str(&parts.next().map(Tree::text).unwrap_or_default()),
                (c, _) => out.push(c),
            }
        }
        out
    }
}

/// What an expression is to be, mostly.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Int,
    Float,
    Text,
    Bool,
    List,
    Set,
    Function,
    Any,
}

use Kind::*;

const LEAVES: &[(Kind, &[&str])] = &[
    (Int, &["0", "1", "(-1)", "2", "3", "7", "9223372036854775807", "(-9223372036854775807 - 1)"]),
    (Float, &["0.0", "1.5", "(-0.5)", "1e3", "1e300", "0.1", "123456.789", "1e-7"]),
    (
        Text,
        &[
            r#""""#,
            r#""a""#,
            r#""b""#,
            r#""ab""#,
            r#""a.b-1.2""#,
            r#""é""#,
            r#""\n\t\"\\\${x}""#,
            r#""1.10pre""#,
            "''\n  a\n   b\n''",
            r#""{\"a\":[1,2.5,null]}""#,
            r#""0""#,
            r#""/a/b""#,
            r#""name""#,
        ],
    ),
    (Bool, &["true", "false"]),
    (
        List,
        &["[ ]", "[ 1 2 ]", r#"[ "a" "b" ]"#, "[ [ 1 ] [ ] ]", "[ 3 1 2 ]", "[ null true 1.0 ]"],
    ),
    (
        Set,
        &[
            "{ }",
            "{ a = 1; }",
            "{ a = 1; b = 2; }",
            r#"{ b = "x"; c.d = 1; }"#,
            "rec { a = b; b = 1; }",
            r#"{ name = "a"; value = 1; }"#,
            r#"{ outPath = "/o"; }"#,
            r#"{ __toString = self: "s"; }"#,
            "{ __functor = self: x: x; }",
            r#"{ type = "derivation"; outPath = "q"; }"#,
            "{ key = 1; }",
        ],
    ),
    (
        Function,
        &[
            "(x: x)",
            "(x: y: x)",
            "(x: y: y)",
            "({ a, b ? 2, ... }: a)",
            "({ a ? 1 }@s: s)",
            "builtins.add",
            "builtins.toString",
            "builtins.typeOf",
            "(x: [ x ])",
            "(x: { a = x; })",
            "(x: true)",
            "(x: y: x < y)",
            "(x: y: x + y)",
            "builtins.isList",
            "(_: \"k\")",
            "builtins.lessThan",
        ],
    ),
    (Any, &["null", "/a/b", "./x", "a", "b", "x", "(throw \"t\")", "(assert false; 1)"]),
];

const SHAPES: &[(Kind, &str, &[Kind])] = &[
    (Int, "(% + %)", &[Int, Int]),
    (Int, "(% - %)", &[Int, Int]),
    (Int, "(% * %)", &[Int, Int]),
    (Int, "(% / %)", &[Int, Int]),
    (Int, "(-%)", &[Int]),
    (Int, "(builtins.length %)", &[List]),
    (Int, "(builtins.stringLength %)", &[Text]),
    (Int, "(builtins.bitAnd % %)", &[Int, Int]),
    (Int, "(builtins.bitXor % %)", &[Int, Int]),
    (Int, "(builtins.compareVersions % %)", &[Text, Text]),
    (Int, "(builtins.floor %)", &[Float]),
    (Int, "(builtins.ceil %)", &[Float]),
    (Float, "(% + %)", &[Float, Int]),
    (Float, "(% * %)", &[Float, Float]),
    (Float, "(% / %)", &[Float, Float]),
    (Float, "(builtins.sub % %)", &[Int, Float]),
    (Text, "(% + %)", &[Text, Text]),
    (Text, "\"<${%}>\"", &[Text]),
    (Text, "(toString %)", &[Any]),
    (Text, "(builtins.toJSON %)", &[Any]),
    (Text, "(builtins.toXML %)", &[Any]),
    (Text, "(builtins.substring % % %)", &[Int, Int, Text]),
    (Text, "(builtins.replaceStrings % % %)", &[List, List, Text]),
    (Text, "(builtins.concatStringsSep % %)", &[Text, List]),
    (Text, "(builtins.typeOf %)", &[Any]),
    (Text, "(builtins.hashString \"md5\" %)", &[Text]),
    (Text, "(baseNameOf %)", &[Text]),
    (Text, "(dirOf %)", &[Text]),
    (Text, "(builtins.unsafeDiscardStringContext %)", &[Text]),
    (Bool, "(% == %)", &[Any, Any]),
    (Bool, "(% != %)", &[Any, Any]),
    (Bool, "(% < %)", &[Any, Any]),
    (Bool, "(% <= %)", &[Int, Float]),
    (Bool, "(% > %)", &[Text, Text]),
    (Bool, "(% && %)", &[Bool, Bool]),
    (Bool, "(% || %)", &[Bool, Bool]),
    (Bool, "(% -> %)", &[Bool, Bool]),
    (Bool, "(!%)", &[Bool]),
    (Bool, "(% ? a)", &[Set]),
    (Bool, "(% ? a.b)", &[Set]),
    (Bool, "(% ? ${%})", &[Set, Text]),
    (Bool, "(builtins.hasAttr % %)", &[Text, Set]),
    (Bool, "(builtins.elem % %)", &[Any, List]),
    (Bool, "(builtins.all % %)", &[Function, List]),
    (Bool, "(builtins.any % %)", &[Function, List]),
    (Bool, "(builtins.isFunction %)", &[Any]),
    (List, "[ % % ]", &[Any, Any]),
    (List, "[ % ]", &[Any]),
    (List, "(% ++ %)", &[List, List]),
    (List, "(map % %)", &[Function, List]),
    (List, "(builtins.filter % %)", &[Function, List]),
    (List, "(builtins.sort % %)", &[Function, List]),
    (List, "(builtins.genList % %)", &[Function, Int]),
    (List, "(builtins.concatMap % %)", &[Function, List]),
    (List, "(builtins.concatLists %)", &[List]),
    (List, "(builtins.tail %)", &[List]),
    (List, "(builtins.attrNames %)", &[Set]),
    (List, "(builtins.attrValues %)", &[Set]),
    (List, "(builtins.catAttrs % %)", &[Text, List]),
    (List, "(builtins.splitVersion %)", &[Text]),
    (List, "(builtins.split % %)", &[Text, Text]),
    (List, "(builtins.match % %)", &[Text, Text]),
    (List, "(builtins.genericClosure { startSet = [ % ]; operator = %; })", &[Set, Function]),
    (Set, "{ a = %; b = %; }", &[Any, Any]),
    (Set, "rec { a = %; b = %; }", &[Any, Any]),
    (Set, "{ ${%} = %; a.c = %; }", &[Text, Any, Any]),
    (Set, "(let a = %; b = %; in { inherit a b; })", &[Any, Any]),
    (Set, "{ inherit (%) a; b = %; }", &[Set, Any]),
    (Set, "(% // %)", &[Set, Set]),
    (Set, "(builtins.mapAttrs % %)", &[Function, Set]),
    (Set, "(removeAttrs % %)", &[Set, List]),
    (Set, "(builtins.intersectAttrs % %)", &[Set, Set]),
    (Set, "(builtins.listToAttrs %)", &[List]),
    (Set, "(builtins.listToAttrs [ { name = %; value = %; } ])", &[Text, Any]),
    (Set, "(builtins.groupBy % %)", &[Function, List]),
    (Set, "(builtins.partition % %)", &[Function, List]),
    (Set, "(builtins.zipAttrsWith % %)", &[Function, List]),
    (Set, "(builtins.functionArgs %)", &[Function]),
    (Set, "(builtins.parseDrvName %)", &[Text]),
    (Set, "(builtins.tryEval %)", &[Any]),
    (Set, "{ __toString = %; }", &[Function]),
    (Set, "{ __functor = %; }", &[Function]),
    (Set, "{ outPath = %; }", &[Any]),
    (Function, "(x: %)", &[Any]),
    (Function, "(x: y: %)", &[Any]),
    (Function, "({ a, b ? %, ... }: %)", &[Any, Any]),
    (Function, "(builtins.add %)", &[Int]),
    (Function, "(builtins.elemAt %)", &[List]),
    (Any, "(if % then % else %)", &[Bool, Any, Any]),
    (Any, "(let x = %; in %)", &[Any, Any]),
    (Any, "(let a = %; b = a; in %)", &[Any, Any]),
    (Any, "(with %; %)", &[Set, Any]),
    (Any, "(assert %; %)", &[Bool, Any]),
    (Any, "(% %)", &[Function, Any]),
    (Any, "(% % %)", &[Function, Any, Any]),
    (Any, "(%).a", &[Set]),
    (Any, "((%).a.b or %)", &[Set, Any]),
    (Any, "((%).${%} or %)", &[Set, Text, Any]),
    (Any, "(builtins.head %)", &[List]),
    (Any, "(builtins.elemAt % %)", &[List, Int]),
    (Any, "(builtins.foldl' % % %)", &[Function, Any, List]),
    (Any, "(builtins.seq % %)", &[Any, Any]),
    (Any, "(builtins.deepSeq % %)", &[Any, Any]),
    (Any, "(builtins.fromJSON %)", &[Text]),
    (Any, "(builtins.fromJSON (builtins.toJSON %))", &[Any]),
    (Any, "(builtins.fromTOML %)", &[Text]),
    (Any, "(builtins.getAttr % %)", &[Text, Set]),
    (Any, "(% |> %)", &[Any, Function]),
    (Any, "(/a + %)", &[Text]),
    (Any, "(builtins.addErrorContext % %)", &[Text, Any]),
    (Any, "(builtins.unsafeGetAttrPos % %)", &[Text, Set]),
];

/// An expression of a kind; now and then of another one.
pub fn expression(numbers: &mut Numbers, kind: Kind, depth: usize) -> Tree {
    let kind = match (kind, numbers.below(20)) {
        (_, 0) | (Any, _) => *numbers.one(&[Int, Float, Text, Bool, List, Set, Function, Any, Any]),
        (kind, _) => kind,
    };
    if depth == 0 || numbers.below(8) == 0 {
        let leaves =
            LEAVES.iter().find(|(of, _)| *of == kind).map_or(&[][..], |(_, leaves)| leaves);
        return Tree::leaf(*numbers.one(leaves));
    }
    let shapes: Vec<_> = SHAPES.iter().filter(|(of, ..)| *of == kind).collect();
    let (_, template, parts) = numbers.one(&shapes);
    let parts = parts.iter().map(|&kind| expression(numbers, kind, depth - 1)).collect();
    Tree { template: (*template).to_owned(), parts }
}

/// Regular expressions and texts for `match` and `split`.
pub fn regular(numbers: &mut Numbers) -> Tree {
    let pattern = pattern(numbers, 3);
    let text: String = (0..numbers.below(9)).map(|_| *numbers.one(&['a', 'b', 'c', '-'])).collect();
    let function = numbers.one(&["match", "split"]);
    Tree::leaf(format!("builtins.{function} \"{pattern}\" \"{text}\""))
}

fn pattern(numbers: &mut Numbers, depth: usize) -> String {
    let atoms = [
        "a",
        "b",
        "c",
        ".",
        "[ab]",
        "[^a]",
        "[a-c]",
        "()",
        "^",
        "$",
        "[[:alpha:]]",
        "[-a]",
        "[]a]",
    ];
    if depth == 0 {
        return (*numbers.one(&atoms)).to_owned();
    }
    let inner = pattern(numbers, depth - 1);
    match numbers.below(8) {
        0 => format!("{inner}|{}", pattern(numbers, depth - 1)),
        1 | 2 => format!("({inner}){}", numbers.one(&["", "*", "+", "?", "{2}", "{0,2}", "{1,}"])),
        3 => format!("({inner}|{})", pattern(numbers, depth - 1)),
        4 => format!("{inner}{}", numbers.one(&["*", "+", "?", "{2}", "{0,1}"])),
        _ => format!("{inner}{}", pattern(numbers, depth - 1)),
    }
}

/// Smaller expressions: a part in place of the whole, or something simple in place of a part.
pub fn smaller(tree: &Tree) -> Vec<Tree> {
    let mut found: Vec<Tree> = tree.parts.clone();
    for (i, part) in tree.parts.iter().enumerate() {
        let simple = ["null", "1", "\"\"", "[ ]", "{ }"].map(Tree::leaf);
        let simple = simple.into_iter().filter(|_| !part.parts.is_empty());
        for less in smaller(part).into_iter().chain(simple) {
            let mut changed = tree.clone();
            changed.parts[i] = less;
            found.push(changed);
        }
    }
    found
}
