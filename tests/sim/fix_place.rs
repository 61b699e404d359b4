//! Where an incident's fix is, as one word: the second coordinate of the coverage table, and the edges that Layer 2 allows
//! (S19).

use repoint::domain::fix::{Call, Fix, Layer2};
use repoint::domain::incident::Incident;

/// Where an incident's fix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FixPlace {
    /// There is no incident.
    Nowhere,
    /// Nobody asked for a fix.
    NoFix,
    /// A revert is tried out.
    Looking,
    /// It is shown.
    Planned,
    /// Its pull request is confirmed, and not asked for.
    Opening,
    /// The call is being made.
    Asking,
    /// Nobody knows what it did.
    OpenUnknown,
    /// It conflicts: a person goes on.
    Prepared,
    /// Its gate is followed.
    Followed,
    /// Somebody closed it.
    Closed,
    /// Its merge is confirmed, and not asked for.
    Merging,
    /// The call is being made.
    AskingMerge,
    /// Nobody knows what it did.
    MergeUnknown,
    /// It is on main.
    Merged,
    /// It is built.
    Built,
    /// The incident is over.
    FixOver,
}

/// All places.
pub const FIX_PLACES: [FixPlace; 16] = [
    FixPlace::Nowhere,
    FixPlace::NoFix,
    FixPlace::Looking,
    FixPlace::Planned,
    FixPlace::Opening,
    FixPlace::Asking,
    FixPlace::OpenUnknown,
    FixPlace::Prepared,
    FixPlace::Followed,
    FixPlace::Closed,
    FixPlace::Merging,
    FixPlace::AskingMerge,
    FixPlace::MergeUnknown,
    FixPlace::Merged,
    FixPlace::Built,
    FixPlace::FixOver,
];

impl FixPlace {
    /// Where an incident's fix is.
    pub fn of(incident: &Incident) -> Self {
        if !incident.is_open() {
            return Self::FixOver;
        }
        match &incident.layer2 {
            Layer2::Idle => Self::NoFix,
            Layer2::Looking(_) => Self::Looking,
            Layer2::Planned(_) => Self::Planned,
            Layer2::Opening(opening) => match &opening.call {
                Call::Intended { .. } => Self::Opening,
                Call::Sending { .. } => Self::Asking,
                // What was taken or refused leads on in the same commit.
                Call::Unknown { .. } | Call::Taken | Call::Refused { .. } => Self::OpenUnknown,
            },
            Layer2::Prepared(_) => Self::Prepared,
            Layer2::Followed(fix) => Self::of_fix(fix),
        }
    }

    fn of_fix(fix: &Fix) -> Self {
        if fix.built.is_some() {
            return Self::Built;
        }
        if fix.merged.is_some() {
            return Self::Merged;
        }
        if fix.is_closed() {
            return Self::Closed;
        }
        match fix.merging().map(|merge| &merge.call) {
            Some(Call::Intended { .. }) => Self::Merging,
            Some(Call::Sending { .. }) => Self::AskingMerge,
            Some(Call::Unknown { .. }) => Self::MergeUnknown,
            Some(Call::Taken | Call::Refused { .. }) | None => Self::Followed,
        }
    }

    /// Its place in [`FIX_PLACES`].
    pub fn index(self) -> usize {
        FIX_PLACES.iter().position(|place| *place == self).unwrap_or(0)
    }

    /// Where one event may lead from here (S19); staying is always legal.
    pub fn may_lead_to(self, next: Self) -> bool {
        use FixPlace::{
            Asking, AskingMerge, Built, Closed, FixOver, Followed, Looking, MergeUnknown, Merged,
            Merging, NoFix, Nowhere, OpenUnknown, Opening, Planned, Prepared,
        };
        if self == next {
            return true;
        }
        let allowed: &[Self] = match self {
            Nowhere => &[NoFix],
            NoFix => &[Looking, Followed, FixOver],
            // Another incident's revert of the same change is followed at once.
            Looking => &[Planned, NoFix, Followed, FixOver],
            Planned => &[Opening, Looking, Followed, FixOver],
            Opening => &[Asking, OpenUnknown, NoFix, FixOver],
            Asking => &[Opening, OpenUnknown, Followed, Prepared, NoFix, FixOver],
            OpenUnknown => &[Opening, Followed, NoFix, FixOver],
            Prepared => &[Looking, Followed, FixOver],
            Followed => &[Merging, Closed, Merged, FixOver],
            Closed => &[Looking, Followed, Merged, FixOver],
            // A new head takes the wish for a merge away.
            Merging => &[AskingMerge, Followed, Closed, Merged, FixOver],
            AskingMerge => &[Merging, MergeUnknown, Followed, Closed, Merged, FixOver],
            MergeUnknown => &[Merging, Followed, Closed, Merged, FixOver],
            Merged => &[Built, Followed, FixOver],
            // A second fix may be needed when the first was not enough.
            Built => &[Followed, FixOver],
            FixOver => &[],
        };
        allowed.contains(&next)
    }
}
