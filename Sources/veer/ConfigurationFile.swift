import Configuration
import Glibc
import Logging

/// Reads configurations from the file system, and says what is wrong with them.
enum ConfigurationFile {
    /// Why a file gave no octets.
    struct Unreadable: Error, CustomStringConvertible {
        var description: String
    }

    /// The settings in a file, or the built-in ones; what is wrong goes to the standard error.
    ///
    /// - Returns: the settings, and what deserves a second look.
    /// - Throws: the exit status for a configuration that can't be used.
    static func read(_ path: String?) throws -> (settings: Settings, warnings: [Diagnostic]) {
        let file = path ?? "(built-in)"
        let text: [UInt8]
        do {
            text = try path.map(octets) ?? Array(Settings.embeddedDefaults.utf8)
        } catch {
            printError("\(file): \(error)")
            throw ExitStatus.noInput.code
        }
        do {
            var (settings, warnings) = try Settings.read(
                text: text, file: file, environment: environment, readFile: octets)
            let problems = SinkEnvironment.complete(&settings)
            for problem in problems { printError(problem) }
            guard problems.isEmpty else { throw ExitStatus.configuration.code }
            return (settings, warnings)
        } catch let error as ConfigurationFailure {
            for diagnostic in error.diagnostics { printError(diagnostic.detailedDescription) }
            throw error.isRouterConfig
                ? ExitStatus.checkFailed.code : ExitStatus.configuration.code
        }
    }

    /// The directory of the journal that a configuration names; the default without one.
    static func journalPath(_ path: String?) throws -> String {
        try path.map { try read($0).settings.journal.path } ?? JournalSettings().path
    }

    /// The value of an environment variable; nothing if it isn't set.
    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// The octets of a file of at most 4 MiB; `-` is the standard input.
    static func octets(of path: String) throws -> [UInt8] {
        // Or a pipe that nobody writes to would be waited for, and with it all that main does.
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK
        let number = path == "-" ? dup(STDIN_FILENO) : unsafe open(path, flags)
        guard number >= 0 else { throw Unreadable(description: lastError) }
        defer { close(number) }
        var status = stat()
        let kind = unsafe fstat(number, &status) == 0 ? status.st_mode & S_IFMT : S_IFREG
        guard kind != S_IFDIR else { throw Unreadable(description: "is a directory") }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            if kind == S_IFIFO, path != "-" { try waitForOctets(of: number) }
            let count = unsafe Glibc.read(number, &chunk, chunk.count)
            guard count >= 0 else { throw Unreadable(description: lastError) }
            guard count > 0 else { return octets }
            octets += chunk[..<count]
            guard octets.count <= 4 * 1024 * 1024 else {
                throw Unreadable(description: "is larger than 4 MiB")
            }
        }
    }

    /// How long a pipe may bring nothing, in milliseconds.
    private static let pipePatience: CInt = 5_000

    private static func waitForOctets(of number: CInt) throws {
        var wanted = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&wanted, 1, pipePatience) == 1 else {
            throw Unreadable(description: "is a pipe into which nobody writes")
        }
    }

    private static var lastError: String { unsafe String(cString: strerror(errno)) }
}

/// Writes a line to the standard error.
func printError(_ text: String) {
    let octets = Array("\(text)\n".utf8)
    _ = unsafe write(STDERR_FILENO, octets, octets.count)
}
