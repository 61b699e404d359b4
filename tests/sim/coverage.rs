//! Which fault struck which kind of operation while the incident was where: a simulator that never went somewhere proves
//! nothing about it. Cells that cannot be reached are named with their reason; every other empty cell is a gap.

use std::fmt::Write as _;

use super::fault::{FAULTS, Fault, OPS, Op};
use super::fix_place::{FIX_PLACES, FixPlace};
use super::place::{PLACES, Place};

/// Hits per cell.
#[derive(Clone, Debug)]
pub struct Coverage {
    hits: Vec<u64>,
    /// The same, by where the fix was.
    of_fix: Vec<u64>,
}

impl Default for Coverage {
    fn default() -> Self {
        let pairs = FAULTS.len() * OPS.len();
        Self { hits: vec![0; pairs * PLACES.len()], of_fix: vec![0; pairs * FIX_PLACES.len()] }
    }
}

fn pair(fault: Fault, op: Op) -> usize {
    let op = OPS.iter().position(|one| *one == op).unwrap_or(0);
    fault.index() * OPS.len() + op
}

fn cell(fault: Fault, op: Op, place: Place) -> usize {
    pair(fault, op) * PLACES.len() + place.index()
}

fn fix_cell(fault: Fault, op: Op, place: FixPlace) -> usize {
    pair(fault, op) * FIX_PLACES.len() + place.index()
}

impl Coverage {
    /// A fault struck.
    pub fn hit(&mut self, fault: Fault, op: Op, place: Place, fix: FixPlace) {
        self.hits[cell(fault, op, place)] += 1;
        self.of_fix[fix_cell(fault, op, fix)] += 1;
    }

    /// Adds another night's.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in self.hits.iter_mut().zip(&other.hits) {
            *sum += more;
        }
        for (sum, more) in self.of_fix.iter_mut().zip(&other.of_fix) {
            *sum += more;
        }
    }

    /// All faults that struck.
    pub fn faults(&self) -> u64 {
        self.hits.iter().sum()
    }

    /// How often the process died.
    pub fn deaths(&self) -> u64 {
        let dying = [Fault::DiesBefore, Fault::DiesAfter];
        let of = |fault| OPS.iter().flat_map(move |op| PLACES.map(|at| cell(fault, *op, at)));
        dying.into_iter().flat_map(of).map(|index| self.hits[index]).sum()
    }

    /// Cells without a hit that are not out of reach.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        for (fault, op, place) in cells() {
            if self.hits[cell(fault, op, place)] == 0 && out_of_reach(fault, op, place).is_none() {
                gaps.push(format!("{fault:?} × {op:?} × {place:?}"));
            }
        }
        gaps
    }

    /// The table as people read it: `-` where the cell is out of reach, `0` where it is a gap.
    pub fn table(&self) -> String {
        let mut table = String::new();
        for op in OPS {
            let reached: Vec<_> = PLACES
                .into_iter()
                .filter(|place| FAULTS.iter().any(|one| can_strike(*one, op, *place)))
                .collect();
            let _ = write!(table, "{op:<20?}");
            for place in &reached {
                let _ = write!(table, "{:>10.9}", format!("{place:?}"));
            }
            table.push('\n');
            for fault in FAULTS.into_iter().filter(|fault| fault.strikes(op)) {
                let _ = write!(table, "  {fault:<18?}");
                for place in &reached {
                    let text = match out_of_reach(fault, op, *place) {
                        Some(_) => "-".to_owned(),
                        None => self.hits[cell(fault, op, *place)].to_string(),
                    };
                    let _ = write!(table, "{text:>10}");
                }
                table.push('\n');
            }
        }
        table
    }
}

fn cells() -> impl Iterator<Item = (Fault, Op, Place)> {
    FAULTS.into_iter().flat_map(|fault| {
        let ops = OPS.into_iter().filter(move |op| fault.strikes(*op));
        ops.flat_map(move |op| PLACES.into_iter().map(move |place| (fault, op, place)))
    })
}

fn can_strike(fault: Fault, op: Op, place: Place) -> bool {
    fault.strikes(op) && out_of_reach(fault, op, place).is_none()
}

/// Why a cell cannot be reached.
pub fn out_of_reach(fault: Fault, op: Op, place: Place) -> Option<&'static str> {
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
        Op::Walk if matches!(place, Place::Nowhere | Place::Over) => {
            Some("a verification belongs to an open incident")
        }
        Op::Commit
        | Op::Read
        | Op::Flip
        | Op::Promote
        | Op::Arm
        | Op::Try
        | Op::ForgeRead
        | Op::OpenRevert
        | Op::Merge
        | Op::Disarm
        | Op::Probe
        | Op::Walk
        | Op::Post
        | Op::Inbound
        | Op::World => None,
    }
}
