// Inside core/media: a writer of each kind, and what they have in common. Sizes and rates are checked by
// open_frame_writer.
#pragma once

#include <cstdint>
#include <vector>

#include "core/media/frame_writer.h"

namespace likeness::film {

struct Shape {
    std::filesystem::path path;
    int width = 0, height = 0;
    double fps = 0;
};

Result<std::unique_ptr<FrameWriter>> write_gif(const Shape& shape);
Result<std::unique_ptr<FrameWriter>> write_webp(const Shape& shape);
Result<std::unique_ptr<FrameWriter>> write_pictures(const Shape& shape);
Result<std::unique_ptr<FrameWriter>> write_raw(const Shape& shape);

// Errors: invalid_argument.
Status check_shape(const Shape& shape, int max_side);
Status check_frame(const Shape& shape, const Image& image);
Error closed(const Shape& shape);
Error no_frames(const Shape& shape);
Error no_memory(const Shape& shape);
// What a film of one file could not be written for, with what became of it.
Error lost(Error error);

// 8-bit RGBA of a frame, rows without gaps.
std::vector<std::uint8_t> rgba_of(const Image& image);

}  // namespace likeness::film
