/// What the stream of events met with that an operator should know of.
///
/// The raw value is the word in metrics and logs.
enum Finding: String, Error, CaseIterable, Sendable {
    /// vCenter had events that its collector didn't show; they were read in another way.
    case stalled
    /// More events came at once than a collector's latest page holds; they were read up.
    case overrun
    /// The collector was made anew.
    case rebuilt
    /// The collector showed the same page again.
    case repeatedPage = "repeated_page"
    /// vCenter doesn't have the events any more that were read last: its history was cut, or it
    /// was set back to a backup.
    case historyLost = "history_lost"
    /// The checkpoint is older than the replay window; what lies between was left out.
    case replayCut = "replay_cut"
    /// An event is new by its key and old by its time.
    case late
    /// Keys began again at the least number.
    case keysWrapped = "keys_wrapped"
    /// Keys were given anew.
    case keysRestarted = "keys_restarted"
    /// A response held events that can't be read, and they were passed over.
    case unreadable
    /// One second had more events than can be asked for, and some may be missing.
    case crowded

    /// Whether events may be missing.
    var isLoss: Bool {
        switch self {
        case .historyLost, .replayCut, .unreadable, .crowded: true
        default: false
        }
    }

    /// A sentence for the log.
    var text: String {
        switch self {
        case .stalled: "the collector withheld events; they were read in another way"
        case .overrun: "many events at once; reading up"
        case .rebuilt: "the collector was made anew"
        case .repeatedPage: "the collector showed the same page again"
        case .historyLost: "vCenter lacks the events that were read last; some may be missing"
        case .replayCut: "the checkpoint is older than the replay window; events were left out"
        case .late: "an event came late, or vCenter's clock was set back"
        case .keysWrapped: "the keys of events began again at the least number"
        case .keysRestarted: "vCenter gives keys anew"
        case .unreadable: "events that can't be read were passed over"
        case .crowded: "more events in one second than can be asked for; some may be missing"
        }
    }
}
