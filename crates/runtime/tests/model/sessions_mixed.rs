//! Many sessions with too little memory for all of them, in random order, between two engines.

use pollster::block_on;
use wgslm::engine::{Engine, EngineOptions, GenerateOptions, Session};
use wgslm_testing::golden;
use wgslm_testing::random::Random;

use crate::adapters::{adapters, laid_out};
use crate::setup::{engine, finish, generate, prompt};

const CONTEXT: u32 = 160;
const OPERATIONS: usize = 60;
const SESSIONS: usize = 5;

/// Sessions of two engines with the same model, whose answers are compared with those of one that keeps nothing.
struct World {
    name: &'static str,
    engines: [Engine; 2],
    cold: Engine,
    /// The sessions, with the tokens that they should have.
    sessions: Vec<(Session, Vec<u32>)>,
    random: Random,
}

impl World {
    fn step(&mut self) {
        let index = self.random.below(self.sessions.len());
        match self.random.below(12) {
            0..=2 => self.append(index),
            3 => self.truncate(index),
            4 => self.fork(index),
            5 => self.save(index),
            6 if self.sessions.len() > 1 => drop(self.sessions.swap_remove(index)),
            7 => block_on(self.sessions[index].0.prefill()).unwrap_or_else(|error| {
                assert!(self.sessions[index].1.is_empty(), "{error}");
            }),
            _ => self.generate(),
        }
        for (session, tokens) in &self.sessions {
            assert_eq!(session.tokens(), *tokens, "{}", self.name);
            assert!(session.held() <= tokens.len());
        }
    }

    fn append(&mut self, index: usize) {
        let count = 1 + self.random.below(24);
        let (session, tokens) = &mut self.sessions[index];
        let more = prompt(self.random.bits(), count.min((CONTEXT as usize - 20).saturating_sub(tokens.len())), 60);
        session.append(&more).expect("they are tokens");
        tokens.extend(more);
    }

    fn truncate(&mut self, index: usize) {
        let (session, tokens) = &mut self.sessions[index];
        let length = self.random.below(tokens.len() + 1);
        session.truncate(length);
        tokens.truncate(length);
    }

    fn fork(&mut self, index: usize) {
        if self.sessions.len() < SESSIONS {
            let (session, tokens) = &self.sessions[index];
            let fork = (session.fork(), tokens.clone());
            self.sessions.push(fork);
        }
    }

    /// Moves a session to either engine by way of its bytes.
    fn save(&mut self, index: usize) {
        let session = &self.sessions[index].0;
        let mut restore = self.random.choose(&self.engines.each_ref()).restore();
        let mut pieces: Vec<Vec<u8>> = Vec::new();
        block_on(session.snapshot(|piece| {
            pieces.push(piece.to_vec());
            Ok(())
        }))
        .expect("a slot is free");
        pieces.iter().for_each(|piece| block_on(restore.push(piece)).expect("it is whole"));
        self.sessions[index].0 = restore.finish().expect("it is whole");
    }

    /// Asks several sessions at once.
    fn generate(&mut self) {
        let random = &mut self.random;
        let options = GenerateOptions {
            max_tokens: Some(1 + random.below(6) as u32),
            temperature: random.choose(&[0.0, 2.0]),
            seed: random.bits(),
            ignore_stop: true,
            ..GenerateOptions::default()
        };
        let chosen = |(_, tokens): &&mut (Session, Vec<u32>)| {
            random.below(2) == 0 && !tokens.is_empty() && tokens.len() + 6 < CONTEXT as usize
        };
        let mut chosen: Vec<_> = self.sessions.iter_mut().filter(chosen).collect();
        let begin = |(session, _): &mut &mut (Session, Vec<u32>)| session.generate(options.clone()).expect("it waits");
        let mut generations: Vec<_> = chosen.iter_mut().map(begin).collect();
        for (generation, (_, tokens)) in generations.iter_mut().zip(chosen) {
            let expected = generate(&self.cold, tokens, options.clone()).expect("the model runs").0;
            let found = finish(generation).expect("it has its turn").0;
            assert_eq!(found, expected, "{}, after {} tokens", self.name, tokens.len());
            tokens.extend(found);
        }
    }
}

#[test]
fn sessions_that_compete_for_memory_answer_as_ever() {
    let Some(device) = adapters().first() else { return };
    for (seed, name) in (1..).zip(["llama-q4_0", "gemma3", "lfm2"]) {
        let device = &laid_out(device, seed % 2 == 0);
        let load = |options| {
            let options = EngineOptions { context_length: Some(CONTEXT), slots: Some(3), ..options };
            engine(device, &golden(&format!("models/{name}.gguf")), &options)
        };
        let few = || EngineOptions { state_checkpoints: Some(3), ..EngineOptions::default() };
        let engines = [load(few()), load(few())];
        let sessions = vec![(engines[0].session(), Vec::new())];
        let cold = load(EngineOptions { prefix_cache: Some(false), ..EngineOptions::default() });
        let mut world = World { name, engines, cold, sessions, random: Random::new(seed) };
        (0..OPERATIONS).for_each(|_| world.step());
        let memory = world.engines.each_ref().map(Engine::memory);
        assert!(memory.iter().any(|memory| memory.evicted_blocks > 0), "{name}: {memory:?}");
        world.sessions.clear();
        assert!(world.engines.iter().all(|engine| engine.memory().held_blocks == 0));
    }
}
