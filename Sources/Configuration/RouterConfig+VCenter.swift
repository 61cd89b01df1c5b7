extension Reader {
    /// The provider `vcenter` or `vcsim` of a `RouterConfig`; nil after saying what is wrong.
    func routerVCenter(_ section: Node, _ root: Node, type: String) -> VCenterSettings? {
        let address = section["address"]
        guard let address, !address.routerText.isEmpty else {
            error(.missingKey, at: section.place, "the key 'address' is missing")
            return nil
        }
        guard let basic = section.routerSection("auth")?.routerSection("basicAuth") else {
            error(.missingKey, at: section.place, "the key 'auth.basicAuth' is missing")
            return nil
        }
        if let place = basic["password"]?.place { hideLine(of: place) }
        guard
            let url = value(
                address,
                parse: { (scalar) throws(Complaint) in
                    try vcenterAddress(scalar.text)
                })
        else { return nil }
        var vcenter = VCenterSettings(
            address: url, username: basic["username"]?.routerText ?? "",
            password: Secret(basic["password"]?.routerText ?? ""))
        vcenter.eventFormat = .router
        vcenter.tellsVersion = type == "vcenter"
        if section.routerFlag("checkpoint") {
            let directory = section["checkpointDir"]?.routerText ?? ""
            vcenter.formerCheckpoints = directory.isEmpty ? "checkpoints" : directory
        }
        if section.routerFlag("insecureSSL"), let place = section["insecureSSL"]?.place {
            warning(.insecure, at: place, "vCenter's certificate is not verified")
            vcenter.trust = .insecure
        } else if type == "vcenter", let path = routerAuthorities(root) {
            vcenter.trust = .authorities(path: path)
        }
        return vcenter
    }

    private func routerAuthorities(_ root: Node) -> String? {
        let files = root.routerSection("certificates")?["rootCAs"]?.items ?? []
        if files.count > 1 {
            error(
                .notYetSupported, at: files[1].place,
                "more than one file of authorities is not supported by this version yet",
                hint: "put them into one file")
        }
        return files.first?.routerText
    }
}
