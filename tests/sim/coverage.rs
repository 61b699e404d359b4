//! Which fault struck which kind of operation while the incident was where: a simulator that never went somewhere proves
//! nothing about it. Where is two things, told apart: where production is, and where the fix is. Cells that cannot be reached
//! are named with their reason; every other empty cell is a gap.

use std::fmt::Write as _;

use super::fault::{FAULTS, Fault, OPS, Op};
use super::fix_place::{FIX_PLACES, FixPlace};
use super::place::{PLACES, Place};

/// Where an incident is, in one of two respects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Where production is.
    Production(Place),
    /// Where the fix is.
    Fix(FixPlace),
}

/// All spots.
pub fn spots() -> impl Iterator<Item = Spot> {
    PLACES.into_iter().map(Spot::Production).chain(FIX_PLACES.into_iter().map(Spot::Fix))
}

impl Spot {
    fn index(self) -> usize {
        match self {
            Self::Production(place) => place.index(),
            Self::Fix(place) => PLACES.len() + place.index(),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Production(place) => format!("{place:?}"),
            Self::Fix(place) => format!("{place:?}"),
        }
    }
}

/// Hits per cell.
#[derive(Clone, Debug)]
pub struct Coverage {
    hits: Vec<u64>,
    /// Faults that struck: each is in two cells.
    faults: u64,
    deaths: u64,
}

impl Default for Coverage {
    fn default() -> Self {
        let cells = FAULTS.len() * OPS.len() * (PLACES.len() + FIX_PLACES.len());
        Self { hits: vec![0; cells], faults: 0, deaths: 0 }
    }
}

fn cell(fault: Fault, op: Op, spot: Spot) -> usize {
    let op = OPS.iter().position(|one| *one == op).unwrap_or(0);
    (fault.index() * OPS.len() + op) * (PLACES.len() + FIX_PLACES.len()) + spot.index()
}

impl Coverage {
    /// A fault struck.
    pub fn hit(&mut self, fault: Fault, op: Op, place: Place, fix: FixPlace) {
        self.hits[cell(fault, op, Spot::Production(place))] += 1;
        self.hits[cell(fault, op, Spot::Fix(fix))] += 1;
        self.faults += 1;
        self.deaths += u64::from(matches!(fault, Fault::DiesBefore | Fault::DiesAfter));
    }

    /// Adds another night's.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in self.hits.iter_mut().zip(&other.hits) {
            *sum += more;
        }
        self.faults += other.faults;
        self.deaths += other.deaths;
    }

    /// All faults that struck.
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// How often the process died.
    pub fn deaths(&self) -> u64 {
        self.deaths
    }

    /// Cells without a hit that are not out of reach.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        for (fault, op, spot) in cells() {
            if self.hits[cell(fault, op, spot)] == 0 && out_of_reach(fault, op, spot).is_none() {
                gaps.push(format!("{fault:?} × {op:?} × {}", spot.name()));
            }
        }
        gaps
    }

    /// The table as people read it: `-` where the cell is out of reach, `0` where it is a gap.
    pub fn table(&self) -> String {
        let mut table = String::new();
        for op in OPS {
            let reached: Vec<_> = spots()
                .filter(|spot| FAULTS.iter().any(|one| can_strike(*one, op, *spot)))
                .collect();
            let _ = write!(table, "{op:<20?}");
            for spot in &reached {
                let _ = write!(table, "{:>10.9}", spot.name());
            }
            table.push('\n');
            for fault in FAULTS.into_iter().filter(|fault| fault.strikes(op)) {
                let _ = write!(table, "  {fault:<18?}");
                for spot in &reached {
                    let text = match out_of_reach(fault, op, *spot) {
                        Some(_) => "-".to_owned(),
                        None => self.hits[cell(fault, op, *spot)].to_string(),
                    };
                    let _ = write!(table, "{text:>10}");
                }
                table.push('\n');
            }
        }
        table
    }
}

fn cells() -> impl Iterator<Item = (Fault, Op, Spot)> {
    FAULTS.into_iter().flat_map(|fault| {
        let ops = OPS.into_iter().filter(move |op| fault.strikes(*op));
        ops.flat_map(move |op| spots().map(move |spot| (fault, op, spot)))
    })
}

fn can_strike(fault: Fault, op: Op, spot: Spot) -> bool {
    fault.strikes(op) && out_of_reach(fault, op, spot).is_none()
}

/// Why a cell cannot be reached.
pub fn out_of_reach(fault: Fault, op: Op, spot: Spot) -> Option<&'static str> {
    match spot {
        Spot::Production(place) => out_of_reach_of_production(fault, op, place),
        Spot::Fix(place) => out_of_reach_of_the_fix(fault, op, place),
    }
}

fn out_of_reach_of_production(fault: Fault, op: Op, place: Place) -> Option<&'static str> {
    match op {
        Op::Flip | Op::Promote if place != Place::Sending => {
            Some("the call is made in Sending only")
        }
        Op::Arm if place != Place::Arming => Some("the call is made in Arming only"),
        Op::Disarm if place != Place::Disarming => Some("the call is made in Disarming only"),
        Op::Probe if !matches!(place, Place::Proving | Place::Settled) => {
            Some("production is looked at while it is proven, or late after the flip")
        }
        Op::Inbound if fault == Fault::TwoAtOnce && place == Place::Nowhere => {
            Some("there is nothing to press")
        }
        Op::Walk if place == Place::Doubted => {
            Some("walks and readings of a job know nothing of each other, which Unknown shows")
        }
        Op::Walk | Op::Read if place == Place::Arming => Some(
            "walks, other readings and the flag know nothing of each other, which Disarming shows",
        ),
        Op::Walk if matches!(place, Place::Nowhere | Place::Over) => {
            Some("a verification belongs to an open incident")
        }
        Op::Try | Op::ForgeRead | Op::OpenRevert | Op::Merge => {
            Some("what is done at the forge is counted by where the fix is")
        }
        Op::Commit
        | Op::Read
        | Op::Flip
        | Op::Promote
        | Op::Disarm
        | Op::Arm
        | Op::Probe
        | Op::Walk
        | Op::Post
        | Op::Inbound
        | Op::World => None,
    }
}

fn out_of_reach_of_the_fix(fault: Fault, op: Op, place: FixPlace) -> Option<&'static str> {
    use FixPlace::{
        Asking, AskingMerge, Closed, FixOver, Followed, Looking, MergeUnknown, Merging, NoFix,
        Nowhere, OpenUnknown,
    };
    match op {
        Op::Try if place != Looking => Some("a revert is tried out in Looking only"),
        Op::OpenRevert if place != Asking => Some("the call is made in Asking only"),
        Op::Merge if place != AskingMerge => Some("the call is made in AskingMerge only"),
        Op::ForgeRead
            if !matches!(place, OpenUnknown | Followed | Closed | Merging | MergeUnknown) =>
        {
            Some("there the forge is read for a promote or a name, which other cells cover")
        }
        Op::ForgeRead if fault == Fault::RulesUnreadable && place == OpenUnknown => {
            Some("no gate is read before there is a pull request")
        }
        Op::Read | Op::Flip | Op::Promote | Op::Disarm | Op::Arm | Op::Probe | Op::Walk => {
            Some("what is done at production is counted by where production is")
        }
        Op::Commit | Op::Post | Op::Inbound | Op::World
            if matches!(place, Nowhere | NoFix | FixOver) =>
        {
            Some("without a fix it is counted by where production is")
        }
        Op::Commit
        | Op::Try
        | Op::ForgeRead
        | Op::OpenRevert
        | Op::Merge
        | Op::Post
        | Op::Inbound
        | Op::World => None,
    }
}
