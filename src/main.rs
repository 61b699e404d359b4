//! The command line of Repoint.

fn main() -> std::process::ExitCode {
    repoint::cli::main()
}
