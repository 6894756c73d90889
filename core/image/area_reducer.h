// Reduces a picture by an area filter (box of the size of an output pixel, exact overlaps) while its rows arrive,
// so that a large picture never stands in memory as a whole.
#pragma once

#include <cstdint>
#include <vector>

#include "core/image/image.h"

namespace likeness {

class AreaReducer {
  public:
    // Rows of in_width pixels with `channels` values; the last is alpha when `alpha` is set (color is then weighted by
    // it). 1 <= out <= in in both directions.
    AreaReducer(int in_width, int in_height, int channels, bool alpha, int out_width, int out_height);

    // One row of in_width * channels values, top to bottom; further rows than in_height are ignored.
    void push(const std::uint8_t* row);   // 0..255
    void push(const std::uint16_t* row);  // 0..65535
    void push(const float* row);

    // The reduced picture; call once, after in_height rows.
    Image finish();

  private:
    struct Span {
        int first, last;  // input columns, inclusive
        float first_weight, last_weight;
    };
    void reduce_columns(const float* row);
    void add_reduced(int out_y, float weight);

    int in_width_, in_height_, channels_;
    bool alpha_, same_size_;
    int next_row_ = 0;
    Image out_;
    std::vector<Span> spans_;
    std::vector<float> row_;      // one input row as floats
    std::vector<float> reduced_;  // the same, columns reduced
};

}  // namespace likeness
