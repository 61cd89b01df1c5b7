import ArgumentParser

/// Why the process ends, for whoever started it; see docs/OPERATING.md.
enum ExitStatus: Int32 {
    /// A check said no.
    case checkFailed = 1
    /// An event or its data isn't valid.
    case badData = 65
    /// A file that was named can't be read.
    case noInput = 66
    /// A peer can't be reached, or an address is taken.
    case unavailable = 69
    /// Something that can't be.
    case software = 70
    /// The system refused what every process may ask for.
    case system = 71
    /// The journal can't be made or opened.
    case cannotCreate = 73
    /// Another process has the journal.
    case temporary = 75
    /// The configuration is wrong.
    case configuration = 78

    var code: ExitCode { ExitCode(rawValue) }
}
