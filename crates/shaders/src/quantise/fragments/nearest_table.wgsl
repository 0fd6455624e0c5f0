// Codes of 4 bits that are places in an ascending table of signed bytes, whose last is 127.
#import nibbles

// Scales are tried in 16ths of that which makes the last entry of the table the largest magnitude.
const FIRST_TRIED: u32 = 12u;
const LAST_TRIED: u32 = 17u;

fn table_entry(i: u32) -> i32 {
    return extractBits(bitcast<i32>(vec4(TABLE_0, TABLE_1, TABLE_2, TABLE_3)[i / 4u]), i % 4u * 8u, 8u);
}

// The scale of the least sum of squared errors among those tried, the largest of several. It's found in integers, in 16ths of a
// table's unit: sums of floats would depend on their order.
fn chosen_scale(values: ptr<function, Group>, extreme: f32) -> f32 {
    let full = divided(abs(extreme), 127.0);
    let inverse = divided(16.0, full);
    var best = 0u;
    var least = 0x7fffffff;
    for (var tried = LAST_TRIED; tried >= FIRST_TRIED; tried--) {
        let factor = i32(tried);
        var error = 0;
        for (var i = 0u; i < 8u; i++) {
            let wanted = vec4<i32>(floor((*values)[i] * inverse));
            var found = vec4(factor * table_entry(0u));
#for k STEPS
            found = select(found, vec4(factor * table_entry($ku + 1u)), 2 * wanted >= vec4(factor * (table_entry($ku) + table_entry($ku + 1u))));
#endfor
            let off = wanted - found;
            error += off.x * off.x + off.y * off.y + off.z * off.z + off.w * off.w;
        }
        if error < least {
            least = error;
            best = tried;
        }
    }
    return full * f32(best) * 0.0625;
}

fn nearest(value: vec4<f32>) -> vec4<u32> {
    var code = vec4<u32>();
#for k STEPS
    code += select(vec4(0u), vec4(1u), value * 2.0 > vec4(f32(table_entry($ku) + table_entry($ku + 1u))));
#endfor
    return code;
}
