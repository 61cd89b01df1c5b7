internal import EventLoops

/// What the journal's thread does with what it's asked; there is one for each mode.
///
/// Ownership: belongs to the journal's thread, on which all of it is called.
protocol JournalOwner: AnyObject {
    /// Takes submissions; each gets a receipt.
    func store(_ submissions: [Submission])
    /// Takes all other requests, in the order they were made.
    func handle(_ requests: [JournalRequest])
}

extension Submission {
    /// Answers the submitter; its mailbox has room for as many receipts as it may wait for.
    func answer(_ result: Receipt.Result) {
        _ = receipts.send(Receipt(ticket: ticket, result: result))
    }
}
