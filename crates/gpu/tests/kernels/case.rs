//! A test case: a kernel's result on a set of resources, compared with its CPU reference.

use std::collections::BTreeMap;
use std::ops::Range;

use half::f16;
use pollster::block_on;
use wgslm_gpu::{Gpu, execute};
use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Bounds, Extent, Launch, Sample, Token, Variant, WeightFormat};
use wgslm_testing::exhaustive;

use crate::adapters::{adapters, runs};

const LOGPROBS_WORDS: usize = Sample::LOGPROBS_WORDS as usize;

/// The value of outputs before the run, which no case computes: words that must not be written keep it.
pub(crate) const UNTOUCHED: f32 = -123.25;

/// The allowed difference between device and reference. Words that the reference doesn't write must stay unchanged.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Agreement {
    /// Equal bits.
    Exact,
    /// A difference of at most this fraction of the reference's largest value.
    OfLargest(f32),
    /// A difference of at most this fraction of each value, or of 1e-30, since underflow may be flushed to zero.
    OfEach(f32),
    /// Pairs of f16 that are equal or neighbours, since WGSL leaves open in which direction packing rounds.
    Halves,
    /// Codes of 8 bits that are equal or neighbours, since a value halfway between may round either way, with scales that differ by
    /// at most this fraction. See `quantise_codes.wgsl`.
    Quantised(f32),
    /// The same of 16 bits, whose steps are as small as the error of what is encoded: they may be two steps apart.
    QuantisedFinely(f32),
    /// In `encoded_y`, so many words of codes of 8 bits as in `Quantised`, then their scales; a difference of at most this fraction of
    /// the largest value in what else there is.
    CodesThenScales(usize, f32),
    /// Blocks of so many words of keys or values of 8 bits: for each head words of codes that are equal or neighbours, then words of
    /// halves as in `Halves`. See `q8.wgsl`.
    QuantisedKv { codes: usize, halves: usize, block: usize },
    /// 64-bit numbers in pairs of words, with a difference of at most this fraction of each, or of 2^40.
    Wide(f32),
    /// Rows of this many words, equal as unordered sets.
    AnyOrder(usize),
    /// Bounds within which the same logits lie, in rows with this stride.
    SameLogits(usize),
    /// Log-probabilities that differ by at most this fraction of the largest, of the same tokens.
    Logprobs(f32),
}

type Reference = Box<dyn Fn(&mut Resources)>;
type Run = Box<dyn Fn(&Gpu, &Resources) -> wgslm_gpu::Result<Resources>>;

fn reference_of(stages: Vec<(impl Launch + 'static, Variant)>, count: usize) -> Reference {
    Box::new(move |resources| stages.iter().for_each(|(launch, stage)| launch.reference(stage, count, resources)))
}

/// A kernel's variant with its parameters and resources, and the allowed difference.
pub(crate) struct Case {
    pub(crate) variant: Variant,
    label: String,
    agreement: Agreement,
    unspecified: Range<usize>,
    /// The outputs to compare; empty for all.
    only: &'static [&'static str],
    resources: Resources,
    reference: Reference,
    run: Run,
}

impl Case {
    /// A case of one dispatch of `variant` on `count` rows; `label` names the shape in failures.
    pub(crate) fn new(
        label: impl Into<String>,
        agreement: Agreement,
        (launch, variant, count): (impl Launch + Copy + 'static, impl Into<Variant>, usize),
        resources: Resources,
    ) -> Self {
        Self::of_stages(label, agreement, (&[(launch, variant.into())], count), resources)
    }

    /// A case of several dispatches, each of which reads the outputs of those before it; the last one's outputs are compared with
    /// those of its reference on the same resources.
    pub(crate) fn of_stages(
        label: impl Into<String>,
        agreement: Agreement,
        (stages, count): (&[(impl Launch + Copy + 'static, Variant)], usize),
        resources: Resources,
    ) -> Self {
        let (stages, variant) = (stages.to_vec(), stages[stages.len() - 1].1);
        let references = stages[stages.len() - 1..].to_vec();
        let positions = resources.iter().any(|(name, _)| name == "tokens").then(|| resources.get::<Token>("tokens"));
        let context = positions.unwrap_or_default().iter().map(|row| row.context).max().unwrap_or(0);
        let extent = Extent { count: count as u32, context };
        Self {
            variant,
            label: label.into(),
            agreement,
            unspecified: 0..0,
            only: &[],
            resources,
            reference: reference_of(references, count),
            run: Box::new(move |gpu, resources| {
                let mut resources = resources.clone();
                let mut written = Resources::default();
                for (launch, stage) in &stages {
                    written = block_on(execute(gpu, *launch, *stage, extent, &resources))?;
                    written.iter().for_each(|(name, words)| resources.set(name, words));
                }
                Ok(written)
            }),
        }
    }

    /// This case, whose results are those of the references of several stages.
    pub(crate) fn expecting(self, (stages, count): (&[(impl Launch + Copy + 'static, Variant)], usize)) -> Self {
        Self { reference: reference_of(stages.to_vec(), count), ..self }
    }

    /// This case, with a range of words of the output that may have any value.
    pub(crate) fn unspecified(self, unspecified: Range<usize>) -> Self {
        Self { unspecified, ..self }
    }

    /// This case, comparing only the given outputs.
    pub(crate) fn only(self, only: &'static [&'static str]) -> Self {
        Self { only, ..self }
    }

    fn compare(&self, expected: &Resources, computed: &Resources) -> Result<(), String> {
        for (name, words) in computed.iter().filter(|(name, _)| self.only.is_empty() || self.only.contains(name)) {
            let (initial, expected) = (self.resources.get::<u32>(name), expected.get::<u32>(name));
            if let Agreement::AnyOrder(row) = self.agreement {
                let sorted = |words: &[u32]| {
                    let mut words = words.to_vec();
                    words.chunks_mut(row).for_each(<[u32]>::sort_unstable);
                    words
                };
                if sorted(words) != sorted(expected) {
                    return Err(format!("{name} has other words"));
                }
                continue;
            }
            if let Agreement::SameLogits(stride) = self.agreement {
                self.same_logits(stride, expected, words)?;
                continue;
            }
            let changed = |i: usize| initial[i] != expected[i];
            let largest = (0..expected.len())
                .filter(|i| changed(*i))
                .fold(0.0f32, |largest, i| largest.max(f32::from_bits(expected[i]).abs()));
            for i in (0..words.len()).filter(|i| !self.unspecified.contains(i)) {
                let holds = || match (self.agreement, name) {
                    // The sums that codes are made of.
                    (Agreement::Quantised(_) | Agreement::QuantisedFinely(_), "y") => {
                        Agreement::OfLargest(2e-5).holds(words[i], expected[i], largest)
                    }
                    (Agreement::Quantised(_), "codes_x" | "codes_y") => close_codes(words[i], expected[i], 1),
                    (Agreement::QuantisedFinely(_), "codes_x" | "codes_y") => close_codes(words[i], expected[i], 2),
                    (Agreement::CodesThenScales(codes, tolerance), "encoded_y") if i < codes => {
                        close_codes(words[i], expected[i], 1 + (254.0 * tolerance) as u8)
                    }
                    // A group's largest value may be a thirtieth of all values' largest.
                    (Agreement::CodesThenScales(codes, tolerance), "encoded_y") if (i - codes) % 2 == 0 => {
                        Agreement::OfEach(30.0 * tolerance).holds(words[i], expected[i], largest)
                    }
                    (Agreement::CodesThenScales(_, tolerance), "encoded_y") => {
                        sums_of_close_codes(&words[i - 1..=i], expected[i], 3.01 + 32.0 * 127.0 * tolerance)
                    }
                    (Agreement::CodesThenScales(_, tolerance), _) => {
                        Agreement::OfLargest(tolerance).holds(words[i], expected[i], largest)
                    }
                    (Agreement::QuantisedKv { codes, halves, block }, _) if i % block % (codes + halves) < codes => {
                        close_codes(words[i], expected[i], 1)
                    }
                    (Agreement::QuantisedKv { .. }, _) => Agreement::Halves.holds(words[i], expected[i], largest),
                    (Agreement::Quantised(tolerance) | Agreement::QuantisedFinely(tolerance), _) if i % 2 == 0 => {
                        Agreement::OfEach(tolerance).holds(words[i], expected[i], largest)
                    }
                    (Agreement::Quantised(_), _) => sums_of_close_codes(&words[i - 1..=i], expected[i], 3.01),
                    (Agreement::QuantisedFinely(_), _) => sums_of_close_codes(&words[i - 1..=i], expected[i], 64.01),
                    (Agreement::Wide(tolerance), _) => {
                        let pair = i & !1..(i & !1) + 2;
                        let [computed, expected] = [&words[pair.clone()], &expected[pair]].map(wide);
                        computed.abs_diff(expected) as f64
                            <= f64::from(tolerance) * (expected as f64).max(2f64.powi(40))
                    }
                    (Agreement::Logprobs(_), "logprobs") if i % LOGPROBS_WORDS >= 2 && i % 2 == 0 => false,
                    (Agreement::Logprobs(tolerance), _) => {
                        Agreement::OfLargest(tolerance).holds(words[i], expected[i], largest)
                    }
                    (agreement, _) => agreement.holds(words[i], expected[i], largest),
                };
                let agrees = words[i] == expected[i] || changed(i) && holds();
                if !agrees {
                    let [initial, expected, computed] = [initial[i], expected[i], words[i]].map(f32::from_bits);
                    return Err(format!("{name}[{i}], before {initial}, is {computed:e} instead of {expected:e}"));
                }
            }
        }
        Ok(())
    }

    /// Fails where bounds leave other logits than those expected.
    fn same_logits(&self, stride: usize, expected: &[u32], computed: &[u32]) -> Result<(), String> {
        let [expected, computed]: [&[Bounds]; 2] = [expected, computed].map(bytemuck::cast_slice);
        let rows = self.resources.get::<f32>("logits").chunks_exact(stride);
        for (index, ((expected, computed), logits)) in expected.iter().zip(computed).zip(rows).enumerate() {
            let other =
                logits.iter().find(|logit| logit.is_finite() && expected.hold(**logit) != computed.hold(**logit));
            if let Some(logit) = other {
                return Err(format!("bounds[{index}], {computed:?} instead of {expected:?}, part at {logit}"));
            }
        }
        Ok(())
    }
}

impl Agreement {
    fn holds(self, computed: u32, expected: u32, largest: f32) -> bool {
        let difference = (f32::from_bits(computed) - f32::from_bits(expected)).abs();
        match self {
            Self::Exact | Self::Wide(_) | Self::AnyOrder(_) => false,
            Self::Quantised(_) | Self::QuantisedFinely(_) | Self::QuantisedKv { .. } => false,
            Self::CodesThenScales(..) | Self::SameLogits(_) | Self::Logprobs(_) => false,
            Self::OfLargest(tolerance) => difference <= tolerance * largest,
            Self::OfEach(tolerance) => difference <= tolerance * f32::from_bits(expected).abs() + 1e-30,
            Self::Halves => [0, 16].iter().all(|shift| {
                let [computed, expected] = [computed, expected].map(|word| f16::from_bits((word >> shift) as u16));
                computed.is_finite() && computed.to_bits().abs_diff(expected.to_bits()) <= 1
            }),
        }
    }
}

fn wide(words: &[u32]) -> u64 {
    u64::from(words[0]) | u64::from(words[1]) << 32
}

/// True if each of four bytes, of codes or of the halves of codes, is at most `steps` from the expected one.
fn close_codes(computed: u32, expected: u32, steps: u8) -> bool {
    let mut pairs = computed.to_le_bytes().into_iter().zip(expected.to_le_bytes());
    pairs.all(|(a, b)| (a.wrapping_sub(b) as i8).unsigned_abs() <= steps)
}

/// True if scale * sum of codes, the second of `computed`, differs by no more than so many steps.
fn sums_of_close_codes(computed: &[u32], expected: u32, steps: f32) -> bool {
    let [scale, sum, expected] = [computed[0], computed[1], expected].map(f32::from_bits);
    (sum - expected).abs() <= steps * scale + 5e-5 * expected.abs()
}

/// Checks all cases on the fastest adapter, and on the others those that may find more errors.
pub(crate) fn check(cases: Vec<Case>) {
    let adapters = adapters();
    let fastest = |gpu: &Gpu| adapters.first().is_some_and(|first| first.adapter() == gpu.adapter());
    let mut cases_of: BTreeMap<(usize, String), usize> = BTreeMap::new();
    let mut tells_elsewhere = |gpu: &Gpu, variant: &Variant| {
        let cases = cases_of.entry((gpu.adapter().index, variant.name())).or_default();
        *cases += 1;
        exhaustive() || is_usual(variant) && *cases % 3 == 1
    };
    let runs_here =
        |gpu: &Gpu, variant: &Variant| runs(gpu, variant) && (fastest(gpu) || tells_elsewhere(gpu, variant));
    check_on(adapters, runs_here, cases);
}

/// True if the variant is one that a second adapter runs, in a third of its cases: the adapter's compiler may be wrong about a kernel,
/// for which one weight format is enough.
fn is_usual(variant: &Variant) -> bool {
    variant.weight().is_none_or(|layout| layout.format == WeightFormat::Q4_0)
}

/// Checks the cases on these devices, except for variants for which `runs` is false.
pub(crate) fn check_on(gpus: &[Gpu], mut runs: impl FnMut(&Gpu, &Variant) -> bool, cases: Vec<Case>) {
    let mut failures = Vec::new();
    for case in cases {
        let gpus: Vec<&Gpu> = gpus.iter().filter(|gpu| runs(gpu, &case.variant)).collect();
        if gpus.is_empty() {
            continue;
        }
        let mut expected = case.resources.clone();
        (case.reference)(&mut expected);
        for gpu in gpus {
            let compared = (case.run)(gpu, &case.resources)
                .map_err(|error| error.to_string())
                .and_then(|computed| case.compare(&expected, &computed));
            if let Err(difference) = compared {
                failures.push(format!("{}: {}, {}: {difference}", gpu.adapter().name, case.variant.name(), case.label));
            }
        }
    }
    assert!(failures.is_empty(), "{} cases fail\n{}", failures.len(), failures.join("\n"));
}
