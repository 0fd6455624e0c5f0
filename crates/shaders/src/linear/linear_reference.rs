use half::f16;

use crate::format::{GROUP, plane_index};
use crate::fragments::activations::{activation_row, write_encoded};
use crate::fragments::weights::weight_row;
use crate::layout::WeightLayout;
use crate::norm::normalised;
use crate::quantise::squares_of;
use crate::resources::Resources;
use crate::{Activation, Encoding, Linear, LinearKernel, LinearVariant};

/// `y = weight * x`, with the norm before and the gate or the sum after where the parameters ask for them.
pub(crate) fn linear(params: &Linear, variant: &LinearVariant, count: usize, resources: &mut Resources) {
    let before = variant.leaves().map(|_| resources.get::<f32>("y").to_vec());
    products(params, variant, count, resources);
    if let (Some(encoding), Some(before)) = (variant.leaves(), before) {
        leave_codes(params, encoding, count, &before, resources);
    }
}

/// Encodes the rows of `y` for the next matrix; those that nothing accumulates are as they were `before`.
fn leave_codes(params: &Linear, encoding: Encoding, count: usize, before: &[f32], resources: &mut Resources) {
    let groups = params.y_groups as usize;
    let y = resources.get::<f32>("y").to_vec();
    let mut rows: Vec<Vec<f32>> = (0..count)
        .map(|token| {
            let row = &y[token * params.y_stride as usize..];
            (0..groups * GROUP)
                .map(|i| if i < params.outputs as usize { row[plane_index(i, groups)] } else { 0.0 })
                .collect()
        })
        .collect();
    let squares: Vec<f32> = rows.iter().flat_map(|row| row.chunks(GROUP)).map(squares_of).collect();
    if params.next_norm > 0 {
        let norm = resources.get::<f32>("next_norm");
        for row in &mut rows {
            row.iter_mut().enumerate().for_each(|(i, value)| *value *= norm[plane_index(i, groups)]);
        }
    }
    write_encoded(encoding, &rows, ("codes_y", "scales_y"), resources);
    let first = params.tokens as usize * groups;
    resources.update("scales_y", |_, scales: &mut [[f32; 2]]| {
        for (pair, square) in scales[first..].iter_mut().zip(&squares) {
            *pair = [*square, 0.0];
        }
    });
    if params.accumulate == 0 {
        resources.set("y", before);
    }
}

fn products(params: &Linear, variant: &LinearVariant, count: usize, resources: &mut Resources) {
    let layout = variant.layout();
    let rounds = matches!(variant.kernel, LinearKernel::MatmulCooperative(_));
    let groups = params.groups as usize;
    let activation = Activation::from_number(params.activation);
    resources.update("y", |resources, y: &mut [f32]| {
        let scales_of =
            |layout: WeightLayout, name| if layout.format.has_scales() { resources.get::<u32>(name) } else { &[] };
        let row = |row: usize| {
            let mut weights = match variant.second_layout() {
                Some(layout) if row >= params.second as usize => {
                    let (codes, row) = (resources.get::<u32>("codes_2"), row - params.second as usize);
                    weight_row(layout, codes, scales_of(layout, "scales_2"), row, groups)
                }
                _ => weight_row(layout, resources.get::<u32>("codes"), scales_of(layout, "scales"), row, groups),
            };
            if rounds {
                weights.iter_mut().for_each(|weight| *weight = f16::from_f32(*weight).to_f32());
            }
            weights
        };
        let inputs: Vec<Vec<f64>> = (0..count).map(|token| input(params, variant, resources, token)).collect();
        for (r, expert) in each_row(params, variant) {
            let first_row = expert * params.outputs as usize;
            let weights = row(first_row + r);
            let second = (params.gate_outputs > 0).then(|| row(r + params.gate_outputs as usize));
            for (token, x) in inputs.iter().enumerate() {
                let own = |experts: &[u32]| experts[token].wrapping_sub(params.first_expert) as usize;
                if variant.experts() && own(resources.get("experts")) != expert {
                    continue;
                }
                let dot = |w: &[f32]| w.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum::<f64>();
                let biased = |row: usize, sum: f64| match params.bias {
                    0 => sum,
                    first => sum + f64::from(resources.get::<f32>("bias")[first as usize - 1 + first_row + row]),
                };
                let sum = biased(r, dot(&weights));
                let mut value = match &second {
                    None => activation.apply(sum),
                    Some(second) => activation.gate(sum, biased(r + params.gate_outputs as usize, dot(second))),
                } * f64::from(params.scale);
                if params.soft_cap > 0.0 {
                    let cap = f64::from(params.soft_cap);
                    value = cap * (value / cap).tanh();
                }
                let i = params.y_offset as usize + r;
                let at = if params.y_groups > 0 { plane_index(i, params.y_groups as usize) } else { i };
                let y = &mut y[token * params.y_stride as usize + at];
                *y = (if params.accumulate > 0 { f64::from(*y) } else { 0.0 } + value) as f32;
            }
        }
    });
}

/// The rows of the weight: each in its expert, or all in one.
fn each_row(params: &Linear, variant: &LinearVariant) -> impl Iterator<Item = (usize, usize)> {
    let experts = if variant.experts() { params.expert_count as usize } else { 1 };
    let outputs = params.outputs as usize;
    (0..experts).flat_map(move |expert| (0..outputs).map(move |row| (row, expert)))
}

/// A token's activations in their order, normalised where the parameters ask for it.
fn input(params: &Linear, variant: &LinearVariant, resources: &Resources, token: usize) -> Vec<f64> {
    let token = if variant.experts() { token / params.per_row as usize } else { token };
    let groups = params.groups as usize;
    let planes = |values: &[f32]| (0..groups * GROUP).map(|i| f64::from(values[plane_index(i, groups)])).collect();
    if let Some(encoding) = variant.takes() {
        let x = activation_row(encoding, resources, token, groups).into_iter().map(f64::from);
        return if params.norm_width > 0 { scaled_by_norm(params, resources, token, x) } else { x.collect() };
    }
    let mut x: Vec<f64> = planes(&resources.get::<f32>("x")[token * params.x_stride as usize * 4..]);
    if params.norm_width > 0 {
        let norm: Vec<f64> = planes(resources.get::<f32>("norm"));
        x = normalised(&x, params.norm_width as usize, params.epsilon).zip(norm).map(|(x, norm)| x * norm).collect();
    }
    x
}

/// Activations times the factor of their norm, of which the sums of squares of the groups are given.
fn scaled_by_norm(params: &Linear, resources: &Resources, token: usize, x: impl Iterator<Item = f64>) -> Vec<f64> {
    let (groups, first) = (params.groups as usize, params.tokens as usize + token);
    let squares = &resources.get::<[f32; 2]>("scales_x")[first * groups..][..groups];
    let mean = squares.iter().map(|pair| f64::from(pair[0])).sum::<f64>() / f64::from(params.norm_width);
    let root = (mean + f64::from(params.epsilon)).sqrt();
    x.map(|value| value / root).collect()
}
