extension Key<DeliverySettings> {
    /// The name of a sink, which is looked up when all are known.
    static func deadLetterSink(_ about: String) -> Key {
        Key(
            name: "deadLetterSink", about: about, isRequired: false, shape: SchemaReference.name,
            read: { node, _, reader in
                _ = reader.value(node) { (scalar) throws(Complaint) in
                    try Configuration.name(scalar.text)
                }
            },
            show: { delivery, settings in
                delivery.deadLetterSink.map { .text(settings.sinks[$0].name) }
            })
    }
}

extension Settings {
    /// Looks a route's dead letter sink up.
    mutating func checkDeadLetterSink(
        ofRoute index: Int, _ route: Node, _ names: [String: Int], _ reader: Reader
    ) {
        guard let node = route["delivery"]?["deadLetterSink"],
            let place = reader.place(of: node, in: names, "sink")
        else { return }
        routes[index].delivery.deadLetterSink = place
        guard routes[index].sinks == [place] else { return }
        reader.error(
            .conflict, at: node.place,
            "the route's only sink is its own deadLetterSink",
            hint: "name another sink, or none: dead letters are kept in the journal anyway")
    }
}
