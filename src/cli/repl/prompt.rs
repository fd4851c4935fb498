//! The prompt: the line editor, and the history of inputs.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use dropscript::Session;
use dropscript::repl::without_secrets;
use rustyline::config::{BellStyle, CompletionType};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};

use super::helper::Assistant;
use crate::cli::state_folder::state_folder;
use crate::cli::voice::Voice;

const PROMPT: &str = "> ";
const MOST_ENTRIES: usize = 10_000;

/// Reads inputs, which may go over several lines, and remembers them.
pub(super) struct Prompt {
    editor: Editor<Assistant, FileHistory>,
    history: Option<PathBuf>,
    voice: Voice,
}

/// What a person did at the prompt.
pub(super) enum Typed {
    /// An input that is whole, or wrong whatever follows.
    Input(String),
    /// Ctrl-C.
    Cleared,
    /// Ctrl-D.
    End,
}

impl Prompt {
    /// A prompt for inputs of this session, with the history of earlier ones.
    ///
    /// # Errors
    /// The terminal cannot be set up.
    pub(super) fn new(voice: Voice, session: Rc<RefCell<Session>>) -> rustyline::Result<Self> {
        let config = Config::builder()
            .max_history_size(MOST_ENTRIES)?
            // As in shells: for what nobody else is to read.
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .bell_style(BellStyle::None)
            .bracketed_paste(true)
            .tab_stop(4)
            .build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(Assistant {
            session,
            has_color: voice.has_color(),
        }));
        let history = state_folder().map(|folder| folder.join("repl-history"));
        if let Some(path) = &history {
            // The first session has none.
            let _ = editor.load_history(path);
        }
        Ok(Self {
            editor,
            history,
            voice,
        })
    }

    /// Waits for the next input.
    ///
    /// # Errors
    /// The terminal has gone.
    pub(super) fn read(&mut self) -> rustyline::Result<Typed> {
        match self.editor.readline(PROMPT) {
            Ok(input) => {
                if self
                    .editor
                    .add_history_entry(without_secrets(input.trim_end()))?
                {
                    self.remember();
                }
                Ok(Typed::Input(input))
            }
            Err(ReadlineError::Interrupted) => Ok(Typed::Cleared),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(error) => Err(error),
        }
    }

    /// Writes the history at each input: the session may end in any way.
    fn remember(&mut self) {
        let Some(path) = self.history.take() else {
            return;
        };
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = folder
            .map_err(ReadlineError::from)
            .and_then(|()| self.editor.append_history(&path));
        match written {
            Ok(()) => self.history = Some(path),
            // Said once: without its path the history is not written again.
            Err(error) => self.voice.warning(&format!(
                "the history cannot be kept in `{}`: {error}",
                path.display()
            )),
        }
    }
}
