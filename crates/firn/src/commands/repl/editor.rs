//! `:edit`: the source of a function, package or path in the user's editor.

use std::io::Write;

use firn_eval::{Coerce, Pos};
use firn_source::Origin;

use super::session::{Done, Session};
use super::{Next, building};
use crate::editor::open;
use crate::exit::Failure;

/// What to open.
enum Target {
    /// A file and a line; 0 when there is none in particular.
    File(String, u32),
    /// A text that is no file.
    Text(String),
}

/// `:e`
pub fn edit(session: &mut Session, text: &str) -> Done<Next> {
    match target(session, text)? {
        Target::File(path, line) => {
            open(&path, line)?;
            session.reload();
        }
        Target::Text(text) => {
            let mut file = tempfile::Builder::new().suffix(".nix").tempfile()?;
            file.write_all(text.as_bytes())?;
            open(&file.path().to_string_lossy(), 0)?;
        }
    }
    Ok(Next::Prompt)
}

fn target(session: &mut Session, text: &str) -> Done<Target> {
    let value = session.evaluate(text)?;
    if value.as_path().is_some() || value.as_str().is_some() {
        let what = "while evaluating the filename to edit";
        let how = Coerce { more: false, copy: false };
        let path = session.run(|m| m.coerce(value, how, Pos::NONE, what))?.to_text().into_owned();
        return Ok(match firn_eval::internal_file(&path) {
            Some(text) => Target::Text(text.to_owned()),
            None => Target::File(path, 0),
        });
    }
    if value.as_function().is_some() {
        let pos = session.machine.function_pos(value);
        let Some((file, offset)) = session.machine.positions().resolve(pos) else {
            return Err(Failure::new("error: this function is part of the program").into());
        };
        let line = file.line_column(offset).line;
        return Ok(match file.origin() {
            Origin::Path(path) => Target::File(path.to_string_lossy().into_owned(), line),
            _ => Target::Text(String::from_utf8_lossy(file.text()).into_owned()),
        });
    }
    let position = building::position(session, value)?;
    let Some((file, line)) = position.as_deref().and_then(|place| place.rsplit_once(':')) else {
        let text = format!(
            "error: cannot find the source of '{text}': it is no path, function, or package with 'meta.position'"
        );
        return Err(Failure::new(text).into());
    };
    Ok(Target::File(file.to_owned(), line.parse().unwrap_or(0)))
}
