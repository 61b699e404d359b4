//! What can go wrong in a night, and where.

use super::rng::Rng;
use super::truth::Sky;

/// A kind of operation that crosses one of the engine's ports, or comes in from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// The journal is written.
    Commit,
    /// The provider is read.
    Read,
    /// The provider is asked to move production.
    Flip,
    /// The provider is asked to move production on to what was verified.
    Promote,
    /// The provider is asked to switch automatic assignment off.
    Disarm,
    /// The provider is asked to switch it on again.
    Arm,
    /// A revert is tried out.
    Try,
    /// The forge is read.
    ForgeRead,
    /// The forge is asked for a revert's pull request.
    OpenRevert,
    /// The forge is asked for a merge.
    Merge,
    /// Production is looked at.
    Probe,
    /// A verification's journeys are walked.
    Walk,
    /// Something is said.
    Post,
    /// Somebody types or presses.
    Inbound,
    /// The world changes by itself.
    World,
}

/// All kinds of operations.
pub const OPS: [Op; 15] = [
    Op::Commit,
    Op::Read,
    Op::Flip,
    Op::Promote,
    Op::Disarm,
    Op::Arm,
    Op::Try,
    Op::ForgeRead,
    Op::OpenRevert,
    Op::Merge,
    Op::Probe,
    Op::Walk,
    Op::Post,
    Op::Inbound,
    Op::World,
];

impl Op {
    /// Whether it is a call that changes something outside.
    pub fn is_call(self) -> bool {
        use Op::{Arm, Disarm, Flip, Merge, OpenRevert, Promote};
        matches!(self, Flip | Promote | Disarm | Arm | OpenRevert | Merge)
    }
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process dies before the operation is carried out.
    DiesBefore,
    /// The process dies after it was carried out, before anybody hears of it.
    DiesAfter,
    /// It takes seconds.
    Slow,
    /// The disk is full: nothing is written.
    DiskFull,
    /// The disk fails; what was to be written is not there.
    DiskFailsUnwritten,
    /// The disk fails; what was to be written is there.
    DiskFailsWritten,
    /// The provider cannot be read.
    ReadFails,
    /// The provider does not answer at all.
    ReadHangs,
    /// The provider tells what was true a while ago.
    ReadStale,
    /// The provider does not say whether automatic assignment is on.
    FlagUnreadable,
    /// The request is lost; nobody knows.
    LostBefore,
    /// The answer is lost after the effect.
    LostAfter,
    /// The answer is lost, and the effect comes seconds later.
    LateEffect,
    /// No answer before the deadline; the effect took place or not.
    CallHangs,
    /// 429.
    Throttled,
    /// The provider says no.
    Refused,
    /// The provider's job moves some of the names only.
    JobPartial,
    /// The provider skips the job.
    JobSkipped,
    /// The provider's job never ends.
    JobStuck,
    /// The provider's job is queued for a minute or two.
    JobSlow,
    /// Automatic assignment stays on after the rollback.
    FlagStaysOn,
    /// Switching the flag off is accepted and does nothing.
    FlagIgnored,
    /// Production does not answer.
    ProbeNothing,
    /// A cache answers with what was live before.
    ProbeOther,
    /// The target answers with errors.
    ProbeFailing,
    /// 429 of the chat platform.
    ChatThrottled,
    /// The chat platform cannot be reached.
    ChatDown,
    /// The post was made, its answer is lost.
    ChatLost,
    /// Nobody can post in the channel.
    ChatClosed,
    /// The chat platform does not know the bot any more.
    ChatUnauthorised,
    /// The chat platform does not take this message.
    ChatRefuses,
    /// The message to edit is gone.
    ChatGone,
    /// The same request is delivered twice at once.
    Twice,
    /// A request of some time ago is delivered again.
    Replayed,
    /// A request is delivered minutes late.
    LateDelivery,
    /// Two people press at once.
    TwoAtOnce,
    /// Somebody acts in the provider's dashboard.
    Dashboard,
    /// The clock jumps.
    ClockJumps,
    /// The bot is stopped and started in good order.
    Restart,
    /// Somebody's rights are gone at the next start.
    RightsLost,
    /// The service's configuration is another one at the next start.
    ConfigChanged,
    /// Nobody answers the walk.
    WalkUnreachable,
    /// Pages come too late.
    WalkTooSlow,
    /// A login stands before the deployment.
    WalkProtected,
    /// The walk does not end.
    WalkHangs,
    /// What the repository demands cannot be read.
    RulesUnreadable,
    /// A teammate acts at the forge.
    Teammate,
}

/// All faults.
pub const FAULTS: [Fault; 47] = [
    Fault::DiesBefore,
    Fault::DiesAfter,
    Fault::Slow,
    Fault::DiskFull,
    Fault::DiskFailsUnwritten,
    Fault::DiskFailsWritten,
    Fault::ReadFails,
    Fault::ReadHangs,
    Fault::ReadStale,
    Fault::FlagUnreadable,
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::LateEffect,
    Fault::CallHangs,
    Fault::Throttled,
    Fault::Refused,
    Fault::JobPartial,
    Fault::JobSkipped,
    Fault::JobStuck,
    Fault::JobSlow,
    Fault::FlagStaysOn,
    Fault::FlagIgnored,
    Fault::ProbeNothing,
    Fault::ProbeOther,
    Fault::ProbeFailing,
    Fault::ChatThrottled,
    Fault::ChatDown,
    Fault::ChatLost,
    Fault::ChatClosed,
    Fault::ChatUnauthorised,
    Fault::ChatRefuses,
    Fault::ChatGone,
    Fault::Twice,
    Fault::Replayed,
    Fault::LateDelivery,
    Fault::TwoAtOnce,
    Fault::Dashboard,
    Fault::ClockJumps,
    Fault::Restart,
    Fault::RightsLost,
    Fault::ConfigChanged,
    Fault::WalkUnreachable,
    Fault::WalkTooSlow,
    Fault::WalkProtected,
    Fault::WalkHangs,
    Fault::RulesUnreadable,
    Fault::Teammate,
];

impl Fault {
    /// Where it can happen.
    pub fn strikes(self, op: Op) -> bool {
        match self {
            Self::DiesBefore | Self::DiesAfter | Self::Slow => {
                !matches!(op, Op::Inbound | Op::World)
            }
            Self::DiskFull | Self::DiskFailsUnwritten | Self::DiskFailsWritten => op == Op::Commit,
            Self::ReadFails | Self::ReadHangs => {
                matches!(op, Op::Read | Op::Try | Op::ForgeRead)
            }
            Self::ReadStale => matches!(op, Op::Read | Op::ForgeRead),
            Self::FlagUnreadable => op == Op::Read,
            Self::RulesUnreadable => op == Op::ForgeRead,
            Self::LostBefore
            | Self::LostAfter
            | Self::LateEffect
            | Self::CallHangs
            | Self::Throttled
            | Self::Refused => op.is_call(),
            Self::JobPartial | Self::JobSkipped | Self::JobStuck | Self::JobSlow => {
                matches!(op, Op::Flip | Op::Promote)
            }
            Self::FlagStaysOn => op == Op::Flip,
            Self::FlagIgnored => matches!(op, Op::Disarm | Op::Arm),
            Self::ProbeNothing | Self::ProbeOther | Self::ProbeFailing => op == Op::Probe,
            Self::ChatThrottled
            | Self::ChatDown
            | Self::ChatLost
            | Self::ChatClosed
            | Self::ChatUnauthorised
            | Self::ChatRefuses
            | Self::ChatGone => op == Op::Post,
            Self::Twice | Self::Replayed | Self::LateDelivery | Self::TwoAtOnce => {
                op == Op::Inbound
            }
            Self::WalkUnreachable | Self::WalkTooSlow | Self::WalkProtected | Self::WalkHangs => {
                op == Op::Walk
            }
            Self::Dashboard
            | Self::Teammate
            | Self::ClockJumps
            | Self::Restart
            | Self::RightsLost
            | Self::ConfigChanged => op == Op::World,
        }
    }

    /// Its place in [`FAULTS`].
    pub fn index(self) -> usize {
        FAULTS.iter().position(|fault| *fault == self).unwrap_or(FAULTS.len())
    }
}

/// What goes wrong in one night: a random part of all faults, and how often.
#[derive(Clone, Debug)]
pub struct Weather {
    enabled: Vec<Fault>,
    /// So many operations in a thousand go wrong.
    per_thousand: u64,
    /// Calls that change production take seconds.
    pub slow_calls: bool,
}

impl Weather {
    /// The weather of a seed.
    pub fn of(sky: Sky, rng: &mut Rng) -> Self {
        match sky {
            Sky::Seeded | Sky::TwoBots => {}
            Sky::Clear => return Self { enabled: Vec::new(), per_thousand: 0, slow_calls: false },
            Sky::Repeats => {
                let enabled = vec![Fault::Twice, Fault::Replayed];
                return Self { enabled, per_thousand: 400, slow_calls: false };
            }
        }
        let share = 150 + rng.below(750);
        let enabled = FAULTS.into_iter().filter(|_| rng.in_thousand(share)).collect();
        let per_thousand = *rng.pick(&[0, 10, 30, 60, 100, 160]).unwrap_or(&30);
        Self { enabled, per_thousand, slow_calls: rng.in_thousand(400) }
    }

    /// The same weather, in which calls take seconds.
    pub fn with_slow_calls(self) -> Self {
        Self { slow_calls: true, ..self }
    }

    /// How many operations of a kind in a thousand go wrong: more of those that are rare.
    pub fn in_thousand(&self, op: Op) -> u64 {
        let times = match op {
            Op::Flip | Op::Disarm | Op::Promote | Op::Arm | Op::OpenRevert | Op::Merge => 6,
            Op::Probe => 2,
            Op::Walk | Op::Try => 4,
            Op::Commit | Op::Read | Op::ForgeRead | Op::Post | Op::Inbound | Op::World => 1,
        };
        self.per_thousand * times
    }

    /// Whether this can go wrong at all in this night.
    pub fn has(&self, fault: Fault) -> bool {
        self.enabled.contains(&fault)
    }

    /// The faults of this night that can strike an operation.
    pub fn striking(&self, op: Op) -> Vec<Fault> {
        self.enabled.iter().copied().filter(|fault| fault.strikes(op)).collect()
    }
}
