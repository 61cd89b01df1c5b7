import EventLoops
import Foundation
import Testing

@Suite(.timeLimit(.minutes(10))) struct FileWatchTests {
    private let directory = FileManager.default.temporaryDirectory
        .appending(path: "veer-watch-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { directory.appending(path: name).path }

    /// Watches `crt` and `key`, makes the change, and answers which were told as changed.
    private func told(after change: @escaping @Sendable () throws -> Void) throws -> [String] {
        let paths = [path("crt"), path("key")]
        return try run { loop, calls throws(SystemError) in
            _ = try FileWatch(on: loop, paths: paths) { changed in
                for path in changed.sorted() { calls.append(String(path.suffix(3))) }
                loop.stop()
            }
            loop.schedule(after: .zero) {
                do { try change() } catch { Issue.record(error) }
            }
        }
    }

    @Test func `a file that is written is told`() throws {
        try Data("old".utf8).write(to: directory.appending(path: "crt"))
        let crt = path("crt")
        #expect(
            try told { try Data("newer".utf8).write(to: URL(filePath: crt)) } == ["crt"])
    }

    @Test func `a file that another is moved over is told, once and with its pair`() throws {
        let (crt, key) = (path("crt"), path("key"))
        #expect(
            try told {
                try Data("new".utf8).write(to: URL(filePath: crt), options: .atomic)
                try Data("new".utf8).write(to: URL(filePath: key), options: .atomic)
            } == ["crt", "key"])
    }

    /// As kubelet does it: the files are links through `..data`, and that link is replaced.
    @Test func `files behind a symbolic link that is turned are told`() throws {
        let files = FileManager.default
        for (number, text) in [("..1", "old"), ("..2", "new")] {
            let place = directory.appending(path: number)
            try files.createDirectory(at: place, withIntermediateDirectories: false)
            try Data(text.utf8).write(to: place.appending(path: "crt"))
            try Data(text.utf8).write(to: place.appending(path: "key"))
        }
        try files.createSymbolicLink(atPath: path("..data"), withDestinationPath: "..1")
        for name in ["crt", "key"] {
            try files.createSymbolicLink(
                atPath: path(name), withDestinationPath: "..data/\(name)")
        }
        let (data, temporary) = (path("..data"), path("..data_tmp"))
        #expect(
            try told {
                try FileManager.default.createSymbolicLink(
                    atPath: temporary, withDestinationPath: "..2")
                guard rename(temporary, data) == 0 else { throw POSIXError(.EIO) }
            } == ["crt", "key"])
    }

    @Test func `what happens beside the files isn't told`() throws {
        let (crt, other) = (path("crt"), path("other"))
        #expect(
            try told {
                try Data("other".utf8).write(to: URL(filePath: other))
                try Data("new".utf8).write(to: URL(filePath: crt))
            } == ["crt"])
    }
}
