    // Stores the tile that an invocation of `matmul` or `matmul_int8` has summed, but for rows and tokens past the end.
#for b TOKEN_BATCHES
#for j BATCH
    {
        let column = first_token + lane.y + 64u * $bu + 16u * $ju;
        if column < params.columns {
#for i ROWS_EACH
            if first_row + lane.x + 16u * $iu < params.rows { store_y(column, first_row + lane.x + 16u * $iu, sums[4u * $bu + $ju][$i]); }
#endfor
        }
    }
#endfor
#endfor
