internal import CLinux

/// Tells when files are written or replaced, such as certificates that somebody renews.
///
/// Watches the directories, not the files: Kubernetes replaces a volume's files by turning a
/// symbolic link in their directory to another one, after which a watch on a file hears nothing
/// more. Where the system tells nothing, as on network file systems, the files are looked at once
/// in a while.
///
/// Owner: the loop it was made for. A file that doesn't exist is waited for; a directory that
/// doesn't exist is only looked for once in a while.
public final class FileWatch {
    /// How long to wait for the rest of a change, before it's told.
    public static let settlingTime = Duration.milliseconds(300)
    /// How long a change may stay unseen where the system doesn't tell of it.
    public static let pollInterval = Duration.seconds(60)

    private let loop: EventLoop
    private let paths: [String]
    private let changed: (Set<String>) -> Void
    private let descriptor: Descriptor
    private var marks: [FileMark]
    private var isSettling = false

    /// Begins to watch.
    ///
    /// - Parameters:
    ///   - paths: of files, which may be symbolic links.
    ///   - changed: gets those of the paths behind which there is another file or content now.
    public init(
        on loop: EventLoop, paths: [String], changed: @escaping (Set<String>) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.paths = paths
        self.changed = changed
        descriptor = try Descriptor(from: "inotify_init1", linux_inotify_create())
        marks = paths.map(FileMark.init)
        watchDirectories()
        _ = try loop.watch(descriptor, for: .reading) { _ in self.told() }
        poll()
    }

    /// The directory of a path, as the path has it.
    public static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Watching a directory again does nothing, so one that was made meanwhile is found.
    private func watchDirectories() {
        for directory in Set(paths.map(Self.directory)) {
            _ = unsafe directory.withCString {
                unsafe linux_inotify_watch(descriptor.number, $0)
            }
        }
    }

    private func told() {
        while linux_inotify_clear(descriptor.number) == 1 {}
        guard !isSettling else { return }
        isSettling = true
        loop.schedule(after: Self.settlingTime) {
            self.isSettling = false
            self.look()
        }
    }

    private func poll() {
        loop.schedule(after: Self.pollInterval) {
            self.watchDirectories()
            self.look()
            self.poll()
        }
    }

    private func look() {
        let new = paths.map(FileMark.init)
        defer { marks = new }
        let different = paths.indices.filter { new[$0] != marks[$0] }
        if !different.isEmpty { changed(Set(different.map { paths[$0] })) }
    }
}

/// What changes when a file is written or replaced.
private struct FileMark: Equatable {
    private let device, inode, size: UInt64
    private let modifiedNanoseconds: Int64

    init(_ path: String) {
        let mark = unsafe path.withCString { unsafe linux_file_mark($0) }
        device = mark.device
        inode = mark.inode
        size = mark.size
        modifiedNanoseconds = mark.modified_nanoseconds
    }
}
