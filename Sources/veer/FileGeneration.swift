import EventLoops
import Glibc

/// Reads files that belong together, such as a certificate and its key, from one generation.
///
/// Kubernetes replaces a volume's files all at once, by turning the symbolic link `..data` to
/// another directory. Two files that are read one after the other through that link may be of two
/// generations; so it's read once, and the files from where it led.
struct FileGeneration {
    private var targets: [String: String?] = [:]

    /// The octets of a file.
    ///
    /// - Throws: ``ConfigurationFile/Unreadable``.
    mutating func octets(of path: String) throws -> [UInt8] {
        try ConfigurationFile.octets(of: resolved(path))
    }

    private mutating func resolved(_ path: String) -> String {
        let directory = FileWatch.directory(of: path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let target = targets[directory] ?? linkTarget("\(directory)/..data")
        targets[directory] = target
        guard let target else { return path }
        let place = target.hasPrefix("/") ? target : "\(directory)/\(target)"
        // Not every file of the directory need come from the volume.
        return unsafe access("\(place)/\(name)", F_OK) == 0 ? "\(place)/\(name)" : path
    }

    private func linkTarget(_ path: String) -> String? {
        var room = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe room.withUnsafeMutableBytes { room in
            guard let start = room.baseAddress else { return 0 }
            return unsafe readlink(path, start, room.count)
        }
        return count > 0 ? String(decoding: room[..<count], as: UTF8.self) : nil
    }
}
