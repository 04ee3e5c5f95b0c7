//! Loading files, flakes and installables into the scope.

use firn_eval::{Pos, Value};
use firn_flake::call::call_flake;
use firn_flake::reference::{Base, FlakeRef};
use firn_source::Origin;

use super::session::Session;
use crate::exit::Failure;
use crate::flake_config;
use crate::installable::{Lookup, input_failure, missing, split_path, try_select};

impl Session {
    /// Loads all that the command line and the user named before.
    pub fn load_all(&mut self) {
        for file in std::mem::take(&mut self.files) {
            eprintln!("Loading \"{file}\"...");
            if let Err(failure) = self.load_file(&file) {
                failure.show();
                self.files.push(file);
            }
        }
        self.load_installables();
        for flake in std::mem::take(&mut self.flakes) {
            eprintln!("Loading flake '{flake}'...");
            if let Err(failure) = self.load_flake(&flake) {
                failure.show();
                self.flakes.push(flake);
            }
        }
    }

    /// Forgets all variables and loads everything again.
    pub fn reload(&mut self) {
        self.machine.forget_imports();
        self.scope = self.machine.empty_attrs();
        self.load_all();
    }

    /// Loads a file: a path, a URL or `<name>`.
    pub fn load_file(&mut self, file: &str) -> Result<(), Failure> {
        let value = self.file_value(file)?;
        self.add(value)?;
        remember(&mut self.files, file);
        Ok(())
    }

    fn file_value(&mut self, file: &str) -> Result<Value, Failure> {
        let folder = self.folder()?;
        let value = if file.starts_with('<') && file.ends_with('>') {
            self.run(|m| m.eval_text(Origin::String, format!("import {file}").as_bytes(), &folder))?
        } else {
            let path = if crate::evaluation::is_url(file) {
                let found = self.run(|m| {
                    let found = m.host().search_path_entry(file);
                    m.hosted(found, Pos::NONE)
                })?;
                found.ok_or_else(|| Failure::new(format!("error: '{file}' was not found")))?
            } else {
                format!("{folder}/{file}").replace(&format!("{folder}//"), "/")
            };
            let path = firn_eval::paths::canonical(path.as_bytes());
            self.run(|m| m.eval_file(&path, Pos::NONE))?
        };
        let arguments = self.source.arguments(&folder);
        self.run(|m| {
            let arguments = arguments(m)?;
            m.call_auto(value, arguments)
        })
    }

    /// Loads a flake.
    pub fn load_flake(&mut self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Err(Failure::new(
                "error: cannot use ':load-flake' without a path specified. (Use '.' for the current working directory.)",
            ));
        }
        let folder = self.context.current_folder()?;
        let (reference, _) = FlakeRef::parse(text, Base::Folder(&folder)).map_err(input_failure)?;
        // What was fetched and read before may have changed.
        let flakes = self.context.flakes()?;
        let request = self.source.locking.request(&self.context)?;
        let locked = flake_config::lock_flake(&self.context, &flakes, &reference, &request)?;
        let value = self.run(|m| call_flake(m, &locked))?;
        self.add(value)?;
        remember(&mut self.flakes, text);
        Ok(())
    }

    fn load_installables(&mut self) {
        for text in self.installables.clone() {
            eprintln!("Loading installable '{text}'...");
            let loaded = self.installable(&text).and_then(|value| self.add(value));
            if let Err(failure) = loaded {
                failure.show();
            }
        }
    }

    fn installable(&mut self, text: &str) -> Result<Value, Failure> {
        let path = if text == "." { "" } else { text };
        if let Some(file) = self.source.file.clone() {
            let root = self.file_value(&file)?;
            return self.run(|m| m.select_auto(root, path, m.empty_attrs()));
        }
        if let Some(expr) = self.source.expr.clone() {
            let folder = self.folder()?;
            return self.run(|m| {
                let root = m.eval_text(Origin::String, expr.as_bytes(), &folder)?;
                m.select_auto(root, path, m.empty_attrs())
            });
        }
        self.flake_attribute(text)
    }

    fn flake_attribute(&mut self, text: &str) -> Result<Value, Failure> {
        let folder = self.context.current_folder()?;
        let (reference, fragment) =
            FlakeRef::parse(text, Base::Folder(&folder)).map_err(input_failure)?;
        let flakes = self.context.flakes()?;
        let request = self.source.locking.request(&self.context)?;
        let locked = flake_config::lock_flake(&self.context, &flakes, &reference, &request)?;
        let root = self.run(|m| call_flake(m, &locked))?;
        let lookup = Lookup {
            defaults: vec!["outputs".to_owned()],
            ..Lookup::packages(self.context.settings.text("system"))
        };
        for candidate in lookup.candidates(&fragment) {
            let found = self.run(|m| try_select(m, root, &split_path(&candidate)))?;
            if let Some(value) = found {
                return Ok(value);
            }
        }
        Err(Failure::new(missing(&reference, &lookup.candidates(&fragment))))
    }
}

/// The latest stands last, once.
fn remember(list: &mut Vec<String>, text: &str) {
    list.retain(|known| known != text);
    list.push(text.to_owned());
}
