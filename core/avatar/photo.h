// What a photograph says about the person, in the square crop that the avatar is made from.
#pragma once

#include <optional>
#include <vector>

#include "core/avatar/avatar.h"
#include "core/image/image.h"

namespace likeness {

// What a camera sees of a posed head alone, without hair and clothes; row by row.
struct SeenHead {
    std::vector<std::optional<HeadRegion>> region;  // of the nearest triangle; none beside the head
    std::vector<float> depth;                       // camera z in metres; infinity beside the head
};
SeenHead see_head(const HeadModel& model, const Vertices& posed, const Camera& camera);

struct Photo {
    Image color;   // 3 channels, the person's own colors: background removed from soft edges
    Image alpha;   // 1 channel, the matte
    Image hair;    // 1 channel, probability
    Image skin;    // 1 channel
    Image cloth;   // 1 channel
    Camera camera;
    HeadPose pose;
    SeenHead head;  // of the avatar, by `camera` in `pose`; who changes the head's shape sees it again
};

// What training needs of a photograph.
struct PhotoEvidence {
    Photo photo;
    std::vector<float> hair_presence;  // see grow_hair()
    std::vector<float> bust_presence;  // see bust_presence(); empty: all is there
};

// Bilinear sample of one channel, clamped at the border; pixel centres at +0.5.
inline float sample(const Image& image, float x, float y, int channel = 0) {
    const float fx = std::min(std::max(x - 0.5f, 0.0f), float(image.width - 1));
    const float fy = std::min(std::max(y - 0.5f, 0.0f), float(image.height - 1));
    const int x0 = int(fx), y0 = int(fy);
    const int x1 = std::min(x0 + 1, image.width - 1), y1 = std::min(y0 + 1, image.height - 1);
    const float u = fx - float(x0), v = fy - float(y0);
    return (image.at(x0, y0)[channel] * (1 - u) + image.at(x1, y0)[channel] * u) * (1 - v) +
           (image.at(x0, y1)[channel] * (1 - u) + image.at(x1, y1)[channel] * u) * v;
}

}  // namespace likeness
