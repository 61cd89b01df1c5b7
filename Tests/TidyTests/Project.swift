import Foundation

/// A file of this project, as the tidy tests read it.
struct ProjectFile {
    /// Relative to the project's root.
    var path: String
    var lines: [Substring]

    /// The target it belongs to: `HTTP` of `Sources/HTTP/Octet.swift`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    var numberedLines: [(number: Int, text: Substring)] {
        zip(1..., lines).map { (number: $0, text: $1) }
    }

    init(_ path: String) throws {
        self.path = path
        let text = try String(contentsOf: Project.root.appending(path: path), encoding: .utf8)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
    }
}

enum Project {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../..").standardizedFileURL

    /// The files below a directory whose names end so.
    static func files(in directory: String, _ endings: String...) throws -> [ProjectFile] {
        let place = root.appending(path: directory).path
        return try FileManager.default.subpathsOfDirectory(atPath: place).sorted()
            .filter { path in endings.contains { path.hasSuffix($0) } }
            .map { try ProjectFile("\(directory)/\($0)") }
    }

    /// What a command prints, run in the root.
    static func output(of command: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = root
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(command: command.joined(separator: " "))
        }
        return String(decoding: data, as: UTF8.self)
    }

    struct Failure: Error {
        var command: String
    }
}
