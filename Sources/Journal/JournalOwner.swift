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

extension Collection<Submission> {
    /// Answers the submitters, each of them with one wake-up.
    ///
    /// A submitter's mailbox has room for as many receipts as it may wait for.
    func answer(_ result: Receipt.Result) {
        var groups: [(mailbox: Mailbox<Receipt>, receipts: [Receipt])] = []
        for submission in self {
            let receipt = Receipt(ticket: submission.ticket, result: result)
            // There are about as many submitters as cores.
            if let group = groups.firstIndex(where: { $0.mailbox === submission.receipts }) {
                groups[group].receipts.append(receipt)
            } else {
                groups.append((submission.receipts, [receipt]))
            }
        }
        for group in groups { _ = group.mailbox.send(contentsOf: group.receipts) }
    }
}
