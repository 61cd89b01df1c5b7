internal import CloudEvents
internal import Configuration
internal import SOAP

extension VCenterCall {
    /// What all requests to one vCenter have in common.
    struct Context: Sendable {
        var content = ServiceContent()
        var username = ""
        var password = ""
        var eventTypes: [String] = []
        var entity: VCenterEntity?
    }

    /// The `SOAPAction`: in which version's terms the server is to speak.
    static let action = "urn:vim25/7.0"

    private static let namespace = "urn:vim25"

    func envelope(_ context: Context) -> [UInt8] {
        SOAPRequest.envelope(method, namespace: Self.namespace) { writer in
            let target = target(context.content)
            writer.element("_this", target.value, ("type", target.type))
            write(to: &writer, context)
        }
    }

    private func target(_ content: ServiceContent) -> (type: String, value: String) {
        switch self {
        case .retrieveServiceContent, .currentTime: ("ServiceInstance", "ServiceInstance")
        case .login, .logout: ("SessionManager", content.sessionManager)
        case .createCollector, .query: ("EventManager", content.eventManager)
        case .setPageSize(let collector, _), .readNext(let collector, _),
            .destroyCollector(let collector):
            ("EventHistoryCollector", collector)
        case .destroyFilter(let filter): ("PropertyFilter", filter)
        case .createFilter, .waitForUpdates, .latestEvent:
            ("PropertyCollector", content.propertyCollector)
        }
    }

    private func write(to writer: inout XMLWriter, _ context: Context) {
        switch self {
        case .retrieveServiceContent, .logout, .currentTime, .destroyFilter, .destroyCollector:
            break
        case .login:
            writer.element("userName", context.username)
            writer.element("password", context.password)
            writer.element("locale", "en_US")
        case .createCollector(let since):
            writer.filter(since, until: nil, limit: nil, context)
        case .query(let since, let until, let limit):
            writer.filter(since, until: until, limit: limit, context)
        case .setPageSize(_, let size): writer.element("maxCount", "\(size)")
        case .readNext(_, let limit): writer.element("maxCount", "\(limit)")
        case .createFilter(let collector):
            writer.begin("spec")
            writer.property("latestPage", of: ("EventHistoryCollector", collector))
            writer.end()
            writer.element("partialUpdates", "false")
        case .waitForUpdates(let version, let seconds):
            writer.element("version", version)
            writer.begin("options")
            writer.element("maxWaitSeconds", "\(seconds)")
            writer.end()
        case .latestEvent:
            writer.begin("specSet")
            writer.property("latestEvent", of: ("EventManager", context.content.eventManager))
            writer.end()
            writer.begin("options")
            writer.end()
        }
    }
}

extension XMLWriter {
    fileprivate mutating func property(
        _ name: String, of object: (type: String, value: String)
    ) {
        begin("propSet")
        element("type", object.type)
        element("pathSet", name)
        end()
        begin("objectSet")
        element("obj", object.value, ("type", object.type))
        end()
    }

    /// Everything below the root, or below what is wanted, that was created in a span of time.
    fileprivate mutating func filter(
        _ since: Timestamp, until: Timestamp?, limit: Int?, _ context: VCenterCall.Context
    ) {
        begin("filter")
        begin("entity")
        let entity = context.entity
        element(
            "entity", entity?.id ?? context.content.rootFolder, ("type", entity?.type ?? "Folder"))
        element("recursion", (entity?.recursion ?? .all).rawValue)
        end()
        begin("time")
        element("beginTime", since.text)
        if let until { element("endTime", until.text) }
        end()
        for type in context.eventTypes { element("eventTypeId", type) }
        if let limit { element("maxCount", "\(limit)") }
        end()
    }
}

// MARK: - Answers

extension VCenterCall {
    /// Reads what came back.
    ///
    /// A fault comes with the status 500; any other status but 200 isn't SOAP's.
    func answer(
        status: Int, _ body: [UInt8], limits: XMLLimits
    ) throws(VCenterFailure) -> VCenterAnswer {
        guard status == 200 || status == 500 else { throw .status(status) }
        let response: SOAPResponse
        do throws(XMLFailure) {
            guard let read = SOAPResponse(try XMLParser.tree(of: body, limits: limits))
            else { throw XMLFailure.malformed("no SOAP envelope", line: 1) }
            response = read
        } catch {
            throw status == 200 ? .unreadable("\(error)") : .status(status)
        }
        switch response {
        case .fault(let fault): throw .fault(fault)
        case .result(let result):
            guard result.isNamed("\(method)Response"), let answer = answer(result)
            else { throw .unreadable("it isn't the answer to \(method)") }
            return answer
        }
    }

    private func answer(_ result: XMLElement) -> VCenterAnswer? {
        let value = result.child("returnval")
        switch self {
        case .login, .logout, .setPageSize, .destroyFilter, .destroyCollector: return .done
        case .retrieveServiceContent: return value.map { .content(ServiceContent($0)) }
        case .currentTime:
            return value.flatMap { EventTime($0.textOctets) }.map { .time($0.timestamp) }
        case .createCollector, .createFilter: return value.map { .object($0.text) }
        case .readNext, .query:
            return .events(result.children("returnval").map { VCenterEvent($0) })
        case .latestEvent:
            let property = value?.child("objects")?.child("propSet")?.child("val")
            return .events(property.map { [VCenterEvent($0)] } ?? [])
        case .waitForUpdates:
            guard let value else { return .noUpdate }
            return .updates(version: value.child("version")?.text ?? "", changed(value))
        }
    }

    /// The events of the latest page, of whichever kind the change is.
    private func changed(_ updates: XMLElement) -> [VCenterEvent] {
        updates.children("filterSet").flatMap { $0.children("objectSet") }
            .flatMap { $0.children("changeSet") }.compactMap { $0.child("val") }
            .flatMap { value -> [VCenterEvent] in
                if value.typeName == "ArrayOfEvent" {
                    return value.children.map { VCenterEvent($0) }
                }
                return value.child("key") == nil ? [] : [VCenterEvent(value)]
            }
    }
}

extension ServiceContent {
    init(_ value: XMLElement) {
        let about = value.child("about")
        product = about?.child("fullName")?.text ?? about?.child("name")?.text ?? ""
        apiVersion = about?.child("apiVersion")?.text ?? ""
        rootFolder = value.child("rootFolder")?.text ?? rootFolder
        propertyCollector = value.child("propertyCollector")?.text ?? propertyCollector
        sessionManager = value.child("sessionManager")?.text ?? sessionManager
        eventManager = value.child("eventManager")?.text ?? eventManager
    }
}
