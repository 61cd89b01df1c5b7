internal import Journal

/// The object as the API server has it.
extension Lease {
    /// What stands before a source's name in the key of its annotation.
    static let annotationPrefix = "checkpoint.veer.dev/"
    /// The same of the annotation that tells how terms ended: `3/17 4/2`, a term and its last page.
    ///
    /// It's one of its own, so that versions that don't know it keep it, and find the other as
    /// they know it.
    static let endsPrefix = "pages.veer.dev/"

    /// Reads an object.
    ///
    /// - Returns: nothing if it's none.
    init?(json octets: [UInt8]) {
        guard let object = JSONTree(octets), let metadata = object["metadata"],
            let version = metadata["resourceVersion"]?.text
        else { return nil }
        self.init()
        self.object = object
        self.version = version
        uid = metadata["uid"]?.text ?? ""
        let spec = object["spec"]
        holder = spec?["holderIdentity"]?.text ?? ""
        durationSeconds = Int(spec?["leaseDurationSeconds"]?.integer ?? 0)
        acquired = spec?["acquireTime"]?.text ?? ""
        renewed = spec?["renewTime"]?.text ?? ""
        transitions = spec?["leaseTransitions"]?.integer ?? 0
        for (key, value) in metadata["annotations"]?.members ?? [:] {
            guard let text = value.text else { continue }
            if key.hasPrefix(Self.endsPrefix) {
                let source = String(key.dropFirst(Self.endsPrefix.count))
                ends[source] = text.split(separator: " ").compactMap(LeaseRecord.TermEnd.init)
            } else if key.hasPrefix(Self.annotationPrefix),
                let checkpoint = SharedCheckpoint(annotation: text)
            {
                checkpoints[String(key.dropFirst(Self.annotationPrefix.count))] = checkpoint
            }
        }
    }

    /// The object with what is this lease's own in it, and all else as it was.
    ///
    /// - Parameters:
    ///   - name: with `namespace`, where it's made; where it was read it stays what it is.
    ///   - now: the time of the renewal, as Kubernetes writes times.
    ///   - begins: it's also the time of the term's beginning.
    func json(name: String, namespace: String, now: String, begins: Bool) -> [UInt8] {
        var object = object
        if object["metadata"] == nil {
            object["apiVersion"] = .string("coordination.k8s.io/v1")
            object["kind"] = .string("Lease")
            object["metadata"] = .object([
                "name": .string(name), "namespace": .string(namespace),
            ])
        }
        var annotations = object["metadata"]?["annotations"] ?? .object([:])
        if case .null = annotations { annotations = .object([:]) }
        for (source, checkpoint) in checkpoints {
            annotations[Self.annotationPrefix + source] = .string(checkpoint.annotation)
        }
        for (source, ends) in ends {
            annotations[Self.endsPrefix + source] = .string(
                ends.map { "\($0.term)/\($0.page)" }.joined(separator: " "))
        }
        if !annotations.members.isEmpty { object["metadata"]?["annotations"] = annotations }
        var spec = object["spec"] ?? .object([:])
        if case .null = spec { spec = .object([:]) }
        spec["holderIdentity"] = .string(holder)
        spec["leaseDurationSeconds"] = .integer(Int64(durationSeconds))
        spec["leaseTransitions"] = .integer(transitions)
        spec["renewTime"] = .string(now)
        if begins { spec["acquireTime"] = .string(now) }
        object["spec"] = spec
        return object.octets
    }
}

extension LeaseRecord.TermEnd {
    fileprivate init?(_ word: Substring) {
        let numbers = word.split(separator: "/").compactMap { Int64($0) }
        guard numbers.count == 2 else { return nil }
        self.init(term: numbers[0], page: numbers[1])
    }
}

extension SharedCheckpoint {
    /// A line with the term's number, then the text.
    init?(annotation: String) {
        guard let end = annotation.firstIndex(of: "\n") else { return nil }
        let words = annotation[..<end].split(separator: " ")
        guard words.count == 2, words[0] == "term", let term = Int64(words[1]) else { return nil }
        self.init(term: term, text: String(annotation[annotation.index(after: end)...]))
    }

    var annotation: String { "term \(term)\n\(text)" }
}
