internal import CLinux

/// The time of day, for what is shown to people or kept over a restart.
enum WallClock {
    /// Milliseconds since 1970.
    static var milliseconds: Int64 { linux_realtime_nanoseconds() / 1_000_000 }
}
