/// What has happened and wasn't looked at yet, in its order.
struct StepQueue {
    private var steps: [HTTP2Session.Step] = []
    private var first = 0

    mutating func append(_ step: HTTP2Session.Step) { steps.append(step) }

    mutating func next() -> HTTP2Session.Step? {
        guard first < steps.count else {
            steps.removeAll(keepingCapacity: true)
            first = 0
            return nil
        }
        defer { first += 1 }
        return steps[first]
    }
}
