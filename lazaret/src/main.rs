//! The program: flags, files, wiring. What it does stands in the other crates.

use std::process::ExitCode;

use clap::Parser;

mod admin;
mod cli;
mod client;
mod database;
mod db;
mod demo;
mod explain;
mod http;
mod key;
mod log;
mod mirror;
mod mmap;
mod output;
mod packages;
mod progress;
mod remote;
mod scan;
mod serve;
mod signals;
mod stores;
mod system;
#[cfg(feature = "otel")]
mod traces;
mod updater;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The command could not do what it was asked.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    let arguments = cli::Cli::parse();
    let outcome = match arguments.command {
        cli::Command::Serve(flags) => serve::run(&flags),
        cli::Command::Scan(flags) => scan::run(&flags),
        cli::Command::Packages(flags) => packages::run(&flags),
        cli::Command::Explain(flags) => explain::run(&flags),
        cli::Command::Db(cli::Db::Build(flags)) => db::build::run(&flags),
        cli::Command::Db(cli::Db::Update(flags)) => db::update::run(&flags),
        cli::Command::Db(cli::Db::Search(flags)) => db::browse::search(&flags),
        cli::Command::Db(cli::Db::Show(flags)) => db::browse::show(&flags),
        cli::Command::Db(cli::Db::Diff(flags)) => db::browse::diff(&flags),
        cli::Command::Db(cli::Db::Verify(flags)) => db::browse::verify(&flags),
        cli::Command::Db(cli::Db::Status(flags)) => db::status::run(&flags),
        cli::Command::Db(cli::Db::Keygen(flags)) => db::artifact::keys::run(&flags),
        cli::Command::Db(cli::Db::Push(flags)) => db::artifact::push::run(&flags),
        cli::Command::Db(cli::Db::Pull(flags)) => db::artifact::pull::run(&flags),
        cli::Command::Admin(command) => admin::run(&command),
        cli::Command::User(command) => remote::user::run(&command),
        cli::Command::Key(command) => remote::key::run(&command),
        cli::Command::Audit(flags) => remote::audit::run(&flags),
        cli::Command::Demo(flags) => demo::run(&flags),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lazaret: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}
