extension Adapter {
    /// What isn't in the table has the action in its type and neither subject nor time.
    ///
    /// Spec: CloudEvents GitHub Adapter §CheckRunEvent
    static let github = Adapter([
        "id": "{header:x-github-delivery}",
        "source": "{json:/repository/url|json:/organization/url|json:/sender/url|'github.com'}",
        "type": "com.github.{header:x-github-event}[.{json:/action}]",
        "time": "{now}",
    ]).selecting(
        by: "{header:x-github-event}",
        [
            "check_run": event(
                subject: "/check_run/id",
                time: "/check_run/completed_at|json:/check_run/started_at"),
            "check_suite": event(subject: "/check_suite/id", time: "/check_suite/updated_at"),
            "commit_comment": event(
                source: "{json:/comment/url}/{json:/comment/commit_id}",
                subject: "/comment/id",
                time: "/comment/updated_at"),
            "content_reference": event(subject: "/content_reference/id"),
            "create": event(type: "create.{json:/ref_type}", subject: "/ref"),
            "delete": event(type: "delete.{json:/ref_type}", subject: "/ref"),
            "deploy_key": event(subject: "/key/id", time: "/key/deleted_at|json:/key/created_at"),
            "deployment": event(
                type: "deployment", subject: "/deployment/id", time: "/deployment/updated_at"),
            "deployment_status": event(
                type: "deployment_status.{json:/deployment_status/state}",
                source: "{json:/deployment/url}",
                subject: "/deployment_status/url",
                time: "/deployment_status/updated_at"),
            "fork": event(subject: "/forkee/url", time: "/forkee/created_at"),
            "github_app_authorization": event(
                type: "github_app_authorization", source: "{json:/sender/url}"),
            "installation": event(
                source: "{json:/installation/account/url}",
                subject: "/installation/id",
                time: "/installation/updated_at"),
            "installation_repositories": event(
                type: "installation_repository.{json:/action}",
                source: "{json:/installation/account/url}",
                subject: "/installation/id",
                time: "/installation/updated_at"),
            "issue_comment": event(
                source: "{json:/issue/url}", subject: "/comment/id", time: "/comment/updated_at"),
            "issues": event(
                type: "issue.{json:/action}", subject: "/issue/number", time: "/issue/updated_at"),
            "label": event(subject: "/label/name"),
            "marketplace_purchase": event(
                subject: "/marketplace_purchase/account/login", time: "/effective_date"),
            "member": event(subject: "/member/login"),
            "membership": event(
                type: "membership.{json:/scope}.{json:/action}",
                source: "{json:/team/url}",
                subject: "/member/login"),
            "meta": event(subject: "/hook_id", time: "/hook/updated_at"),
            "milestone": event(subject: "/milestone/number", time: "/milestone/updated_at"),
            "organization": event(
                source: "{json:/organization/url}", subject: "/membership/user/login"),
            "org_block": event(source: "{json:/organization/url}", subject: "/blocked_user/login"),
            "page_build": event(subject: "/build/url", time: "/build/updated_at"),
            "project": event(subject: "/project/id", time: "/project/updated_at"),
            "project_card": event(subject: "/project_card/id", time: "/project_card/updated_at"),
            "project_column": event(
                subject: "/project_column/id", time: "/project_column/updated_at"),
            "public": event(
                source: "{json:/repository/owner/url}",
                subject: "/repository/name",
                time: "/repository/updated_at"),
            "pull_request": event(subject: "/number", time: "/pull_request/updated_at"),
            "pull_request_review": event(
                source: "{json:/pull_request/url}",
                subject: "/review/id",
                time: "/review/submitted_at"),
            "pull_request_review_comment": event(
                source: "{json:/pull_request/url}",
                subject: "/comment/id",
                time: "/pull_request/updated_at"),
            "push": event(subject: "/ref"),
            "registry_package": event(
                subject: "/registry_package/html_url", time: "/registry_package/updated_at"),
            "release": event(
                subject: "/release/id", time: "/release/published_at|json:/release/created_at"),
            "repository": event(
                source: "{json:/repository/owner/url}",
                subject: "/repository/name",
                time: "/repository/updated_at"),
            "repository_import": event(
                type: "repository_import",
                source: "{json:/repository/owner/url}",
                subject: "/repository/name",
                time: "/repository/updated_at"),
            "repository_vulnerability_alert": event(subject: "/alert/id"),
            "security_advisory": event(
                source: "github.com",
                subject: "/security_advisory/ghsa_id",
                time: "/security_advisory/updated_at"),
            "star": event(time: "/starred_at"),
            "status": event(type: "status", subject: "/sha", time: "/updated_at"),
            "team": event(subject: "/team/id", time: "/updated_at"),
            "team_add": event(type: "team_add", subject: "/team/id"),
        ])

    /// One line of the table: what differs, with the pointers of what may be missing.
    private static func event(
        type: String? = nil, source: String? = nil, subject: String? = nil, time: String? = nil
    ) -> [String: String] {
        let values = [
            "type": type.map { "com.github.\($0)" }, "source": source,
            "subject": subject.map { "[{json:\($0)}]" }, "time": time.map { "[{json:\($0)}]" },
        ]
        return values.compactMapValues { $0 }
    }
}
