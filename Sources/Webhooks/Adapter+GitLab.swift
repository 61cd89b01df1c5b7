extension Adapter {
    /// What the adapters of the CloudEvents project say of GitLab.
    ///
    /// Spec: CloudEvents GitLab Adapter §Push
    static let gitlab = Adapter([
        // The document asks for a new one each time; with these a retry is recognised.
        "id": "{header:idempotency-key|header:webhook-id|header:x-gitlab-event-uuid|sha256}",
        "source": "{json:/repository/homepage|json:/project/web_url|header:x-gitlab-instance|path}",
        "type": "com.gitlab.{json:/object_kind|json:/event_name}",
        "time": "{now}",
    ]).selecting(
        by: "{json:/object_kind|json:/event_name}[/{json:/object_attributes/noteable_type}]",
        [
            "push": ["subject": "[{json:/checkout_sha}]"],
            "tag_push": ["subject": "[{json:/ref}]"],
            "issue": [
                "type": "com.gitlab.issue.{json:/object_attributes/state}",
                "subject": "[{json:/object_attributes/iid}]",
            ],
            "merge_request": [
                "type": "com.gitlab.merge_request[.{json:/object_attributes/action}]",
                "subject": "[{json:/object_attributes/iid}]",
                "time": "[{json:/object_attributes/created_at}]",
            ],
            "note/Commit": note("commit", source: "{json:/commit/url}"),
            "note/MergeRequest": note(
                "merge_request", source: "{json:/merge_request/url|json:/repository/homepage}"),
            "note/Issue": note("issue", source: "{json:/issue/url|json:/repository/homepage}"),
            "note/Snippet": note(
                "snippet", source: "{json:/snippet/url|json:/repository/homepage}"),
            "wiki_page": [
                "source": "{json:/project/web_url}",
                "type": "com.gitlab.wiki_page[.{json:/object_attributes/action}]",
                "subject": "[{json:/object_attributes/slug}]",
            ],
            "pipeline": [
                "source": "{json:/project/web_url}",
                "type": "com.gitlab.pipeline.{json:/object_attributes/status}",
                "subject": "[{json:/object_attributes/id}]",
            ],
            "build": [
                "type": "com.gitlab.job.{json:/build_status}", "subject": "[{json:/build_id}]",
            ],
        ])

    private static func note(_ kind: String, source: String) -> [String: String] {
        [
            "source": source,
            "type": "com.gitlab.note.\(kind)",
            "subject": "[{json:/object_attributes/id}]",
            "time": "[{json:/object_attributes/created_at}]",
        ]
    }
}
