//! `team/`: results.

use serde::Deserialize;

/// What is known of the members that were asked for, in the order of the question.
#[derive(Debug, Deserialize)]
pub(crate) struct Members {
    pub(crate) members_info: Vec<Found>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = ".tag", rename_all = "snake_case")]
pub(crate) enum Found {
    MemberInfo {
        profile: MemberProfile,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MemberProfile {
    pub(crate) team_member_id: String,
}
