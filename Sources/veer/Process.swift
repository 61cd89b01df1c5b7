import CLinux
import Glibc
import Telemetry

/// What the system tells of this process.
enum Process {
    /// The file's text, if it can be read; for the small files of `/proc`.
    static func text(of path: String) -> String? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var octets = [UInt8](repeating: 0, count: 64 * 1024)
        let count = unsafe fread(&octets, 1, octets.count, file)
        return String(decoding: octets[..<count], as: UTF8.self)
    }

    /// Memory in use, in bytes.
    static var residentBytes: Int { statm(1) }
    /// Address space in use, in bytes.
    static var virtualBytes: Int { statm(0) }

    private static func statm(_ column: Int) -> Int {
        let columns = text(of: "/proc/self/statm")?.split(separator: " ") ?? []
        guard column < columns.count, let pages = Int(columns[column]) else { return 0 }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// The load of the last 1, 5 and 15 minutes.
    static var loads: [Double] {
        let columns = text(of: "/proc/loadavg")?.split(separator: " ") ?? []
        let loads = columns.prefix(3).compactMap { Double($0) }
        return loads.count == 3 ? loads : [0, 0, 0]
    }

    /// The CPU time that all threads have used, in seconds.
    static var cpuSeconds: Double { Double(linux_cpu_nanoseconds()) / 1e9 }

    /// Makes the metrics that every exporter of Prometheus has.
    static func register(_ metrics: Metrics, startedSeconds: Int) {
        metrics.reading("process_resident_memory_bytes", help: "Memory in use.") {
            Double(residentBytes)
        }
        metrics.reading("process_virtual_memory_bytes", help: "Address space in use.") {
            Double(virtualBytes)
        }
        metrics.reading("process_cpu_seconds_total", help: "CPU time used.") { cpuSeconds }
        metrics.reading("process_start_time_seconds", help: "When it began, since 1970.") {
            Double(startedSeconds)
        }
        metrics.gauge(
            "veer_build_info", help: "Always 1; the version is in the label.",
            (name: "version", value: Version.number)
        ).set(1)
    }

    /// Lets the process open as many descriptors as the system allows it.
    static func raiseDescriptorLimit() {
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(kind, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(kind, &limit)
    }
}
