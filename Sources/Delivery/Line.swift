/// A queue in an array: taken from the front without moving the rest.
struct Line<Element> {
    private var places: [Element?] = []
    private var front = 0

    /// How many wait.
    var count: Int { places.count - front }
    /// Nobody waits.
    var isEmpty: Bool { count == 0 }
    /// Who is next.
    var first: Element? { isEmpty ? nil : places[front] }

    /// Joins at the end.
    mutating func append(_ element: Element) { places.append(element) }

    /// Joins after those who go before it, in a line that is in this order.
    mutating func insert(_ element: Element, goesBefore: (Element, Element) -> Bool) {
        var (low, high) = (front, places.count)
        while low < high {
            let middle = (low + high) / 2
            guard let other = places[middle] else { break }
            if goesBefore(element, other) { high = middle } else { low = middle + 1 }
        }
        places.insert(element, at: low)
    }

    /// Takes the next out.
    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = places[front].take()
        front += 1
        if front >= 64, front > count {
            places.removeFirst(front)
            front = 0
        }
        return element
    }

    /// Takes all out, in their order.
    mutating func removeAll() -> [Element] {
        let elements = places[front...].compactMap { $0 }
        self = Line()
        return elements
    }
}
