//! Replicas behind one address, as many as the queue asks for.

use std::time::Duration;

use super::replica::{Event, Replica};
use super::{Answered, Arrival, Prediction, ReplicaLimits, StepCosts};

/// When replicas are added and taken away, as a Kubernetes HorizontalPodAutoscaler does it on the depth of the queues.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Autoscaling {
    /// The most replicas.
    pub most: u32,
    /// Waiting requests a replica; as many replicas are wanted as bring the mean below.
    pub threshold: u32,
    /// The time from one look at the queues to the next.
    pub period: Duration,
    /// The time that a new replica takes until it answers.
    pub startup: Duration,
    /// The time for which fewer replicas must have been enough until one leaves.
    pub patience: Duration,
}

/// Replicas of one engine behind one address. A request goes to the one with the fewest under way.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// What each engine keeps to.
    pub limits: ReplicaLimits,
    /// The costs of each engine's steps.
    pub costs: StepCosts,
    /// The replicas at the beginning, and the fewest later; at least one.
    pub replicas: u32,
    /// When there are more; never where absent.
    pub autoscaling: Option<Autoscaling>,
}

impl Fleet {
    /// Runs a load, whose arrivals are in the order of their times, to the end of its last answer.
    #[must_use]
    pub fn run(&self, load: &[Arrival]) -> Prediction {
        Run::new(self, load).run()
    }

    fn fewest(&self) -> u32 {
        self.replicas.max(1)
    }

    fn startup(&self) -> Duration {
        self.autoscaling.map_or(Duration::ZERO, |scaling| scaling.startup)
    }
}

/// A load on its way through a fleet.
struct Run<'a> {
    fleet: &'a Fleet,
    load: &'a [Arrival],
    /// Arrivals that have come.
    arrived: usize,
    now: Duration,
    replicas: Vec<Replica>,
    /// The times at which replicas that start can answer.
    starting: Vec<Duration>,
    /// The next look at the queues.
    look: Option<Duration>,
    /// Since when fewer replicas have been enough.
    enough_since: Option<Duration>,
    began: Vec<Duration>,
    prediction: Prediction,
}

impl<'a> Run<'a> {
    fn new(fleet: &'a Fleet, load: &'a [Arrival]) -> Self {
        let replicas: Vec<_> = (0..fleet.fewest()).map(|_| Replica::new(&fleet.limits, Duration::ZERO)).collect();
        Self {
            fleet,
            load,
            arrived: 0,
            now: Duration::ZERO,
            prediction: Prediction { most_replicas: replicas.len() as u32, ..Prediction::default() },
            replicas,
            starting: Vec::new(),
            look: fleet.autoscaling.map(|scaling| scaling.period),
            enough_since: None,
            began: vec![Duration::ZERO; load.len()],
        }
    }

    fn run(mut self) -> Prediction {
        while let Some(time) = self.next() {
            self.now = time;
            self.start_ready();
            while self.load.get(self.arrived).is_some_and(|arrival| arrival.at <= time) {
                self.arrive();
            }
            for index in 0..self.replicas.len() {
                self.advance(index);
            }
            self.look_at_queues();
            self.drop_drained();
        }
        self.prediction.end = self.prediction.end.max(self.load.last().map_or(Duration::ZERO, |arrival| arrival.at));
        let end = self.prediction.end;
        for replica in &self.replicas {
            self.prediction.replica_time += end.saturating_sub(replica.started);
            self.prediction.steps += replica.steps_run;
        }
        self.prediction.replica_time += self.fleet.startup() * self.starting.len() as u32;
        self.prediction
    }

    /// The time of the next event; none once all requests have ended.
    fn next(&self) -> Option<Duration> {
        let arrival = self.load.get(self.arrived).map(|arrival| arrival.at);
        let busy = self.replicas.iter().any(|replica| replica.pending() > 0);
        if arrival.is_none() && !busy {
            return None;
        }
        let replicas = self.replicas.iter().filter_map(Replica::next);
        replicas
            .chain(arrival)
            .chain(self.starting.iter().copied())
            .chain(self.look)
            .min()
            .map(|time| time.max(self.now))
    }

    fn start_ready(&mut self) {
        let (startup, now) = (self.fleet.startup(), self.now);
        for ready in self.starting.extract_if(.., |ready| *ready <= now) {
            self.replicas.push(Replica::new(&self.fleet.limits, ready.saturating_sub(startup)));
        }
    }

    fn arrive(&mut self) {
        let (index, arrival) = (self.arrived, self.load[self.arrived]);
        self.arrived += 1;
        let open = self.replicas.iter_mut().filter(|replica| !replica.leaves);
        let taken = open
            .min_by_key(|replica| replica.pending())
            .is_some_and(|replica| replica.submit(self.now, index, &arrival));
        self.prediction.refused += usize::from(!taken);
    }

    fn advance(&mut self, index: usize) {
        let mut events = Vec::new();
        self.replicas[index].advance(self.now, &self.fleet.costs, &mut events);
        for event in events {
            match event {
                Event::Began(index) => self.began[index] = self.now,
                Event::Refused(_) => self.prediction.refused += 1,
                Event::Ended(index) => {
                    let since = |time: Duration| time.saturating_sub(self.load[index].at);
                    let (first_token, end_to_end) = (since(self.began[index]), since(self.now));
                    self.prediction.answered.push(Answered { index, first_token, end_to_end });
                    self.prediction.end = self.now;
                }
            }
        }
    }

    /// Starts replicas where too many requests wait, and lets one leave where fewer have long been enough.
    fn look_at_queues(&mut self) {
        let Some(scaling) = self.fleet.autoscaling else { return };
        if self.look.is_none_or(|look| look > self.now) {
            return;
        }
        self.look = Some(self.now + scaling.period);
        let waiting: usize = self.replicas.iter().map(Replica::waiting).sum();
        let wanted = (waiting as u32).div_ceil(scaling.threshold.max(1));
        let fewest = self.fleet.fewest();
        let wanted = wanted.clamp(fewest, scaling.most.max(fewest));
        let staying =
            self.replicas.iter().filter(|replica| !replica.leaves).count() as u32 + self.starting.len() as u32;
        if wanted >= staying {
            self.enough_since = None;
            let ready = self.now + scaling.startup;
            self.starting.extend((staying..wanted).map(|_| ready));
        } else if *self.enough_since.get_or_insert(self.now) + scaling.patience <= self.now
            && let Some(last) = self.replicas.iter_mut().rev().find(|replica| !replica.leaves)
        {
            last.leaves = true;
            self.enough_since = None;
        }
        let all = self.replicas.len() as u32 + self.starting.len() as u32;
        self.prediction.most_replicas = self.prediction.most_replicas.max(all);
    }

    fn drop_drained(&mut self) {
        for drained in self.replicas.extract_if(.., |replica| replica.leaves && replica.pending() == 0) {
            self.prediction.replica_time += self.now.saturating_sub(drained.started);
            self.prediction.steps += drained.steps_run;
        }
    }
}
