//! The folder of an export: new files only, each with its fingerprint.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::ExportError;
use crate::cells::put_line;

/// Bytes gathered before they are hashed and written.
const BUFFER: usize = 1 << 18;

pub(super) struct Folder {
    path: PathBuf,
    files: Vec<FileWritten>,
}

/// One file of the export, as the manifest names it.
#[derive(Clone, Debug)]
pub(super) struct FileWritten {
    pub name: String,
    /// Data rows of a table, events of a log.
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
}

impl Folder {
    /// Makes the folder, for its owner alone; one that exists must be empty.
    pub fn make(path: &Path) -> Result<Self, ExportError> {
        let wrong = |source| ExportError::Write { file: path.display().to_string(), source };
        match fs::read_dir(path) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(ExportError::NotEmpty(path.display().to_string()));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(wrong)?;
            }
            Err(error) => return Err(wrong(error)),
        }
        Ok(Self { path: path.to_owned(), files: Vec::new() })
    }

    pub fn files(&self) -> &[FileWritten] {
        &self.files
    }

    pub fn begin(&self, name: &str) -> Result<Writing, ExportError> {
        let path = self.path.join(name);
        let file = new_file(&path).map_err(|source| ExportError::Write { file: path.display().to_string(), source })?;
        let inner = Hashing { file, hash: Sha256::new(), bytes: 0 };
        Ok(Writing {
            name: name.to_owned(),
            path,
            out: BufWriter::with_capacity(BUFFER, inner),
            rows: 0,
            line: String::new(),
        })
    }

    /// The file is whole.
    pub fn end(&mut self, writing: Writing) -> Result<(), ExportError> {
        let Writing { name, path, out, rows, .. } = writing;
        let wrong = |source| ExportError::Write { file: path.display().to_string(), source };
        let inner = out.into_inner().map_err(|error| wrong(error.into_error()))?;
        inner.file.sync_all().map_err(wrong)?;
        let sha256 = inner.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.files.push(FileWritten { name, rows, bytes: inner.bytes, sha256 });
        Ok(())
    }

    pub fn write_manifest(&mut self, manifest: &serde_json::Value) -> Result<(), ExportError> {
        let mut writing = self.begin("manifest.json")?;
        writing.put(&format!("{manifest:#}\n"))?;
        self.end(writing)
    }
}

/// Never one that exists.
fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A file in work.
pub(super) struct Writing {
    name: String,
    path: PathBuf,
    out: BufWriter<Hashing>,
    pub rows: u64,
    line: String,
}

impl Writing {
    pub fn put(&mut self, text: &str) -> Result<(), ExportError> {
        let written = self.out.write_all(text.as_bytes());
        written.map_err(|source| ExportError::Write { file: self.path.display().to_string(), source })
    }

    /// The names of a table's columns.
    pub fn header<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> Result<(), ExportError> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        put_line(&mut line, cells);
        self.put(&line)?;
        self.line = line;
        Ok(())
    }

    pub fn row<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> Result<(), ExportError> {
        self.rows += 1;
        self.header(cells)
    }
}

struct Hashing {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hash.update(buffer.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
