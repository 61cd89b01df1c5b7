import CloudEvents

/// An event with these attributes besides the four that each must have; of three types.
func event(
    _ strings: KeyValuePairs<String, String> = [:], booleans: KeyValuePairs<String, Bool> = [:],
    integers: KeyValuePairs<String, Int32> = [:]
) -> Event {
    var builder = EventBuilder()
    builder.begin()
    let required: KeyValuePairs = [
        "specversion": "1.0", "id": "1", "source": "/tests", "type": "com.example.made",
    ]
    for (name, value) in required where !strings.contains(where: { $0.key == name }) {
        builder.append(name, value)
    }
    for (name, value) in strings { builder.append(name, value) }
    for (name, value) in booleans { builder.append(name, "\(value)", kind: .boolean) }
    for (name, value) in integers { builder.append(name, "\(value)", kind: .integer) }
    builder.beginData(.none)
    return builder.finish()
}
