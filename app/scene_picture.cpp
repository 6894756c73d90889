#include "app/scene_picture.h"

#include "core/pipeline/render_avatar.h"
#include "core/splat/harmonics.h"

namespace likeness {

int samples_across(int samples) { return samples >= 16 ? 4 : samples >= 4 ? 2 : 1; }

Image mean_of(const Image& from, int factor) {
    if (factor == 1) return from;
    Image to(from.width / factor, from.height / factor, from.channels);
    const float share = 1.0f / float(factor * factor);
    for (int y = 0; y < to.height * factor; ++y)
        for (int x = 0; x < to.width * factor; ++x)
            for (int c = 0; c < from.channels; ++c) to.at(x / factor, y / factor)[c] += share * from.at(x, y)[c];
    return to;
}

Image ScenePainter::paint(const Scene& scene, const Camera& camera, int samples, const std::atomic<bool>* stop) {
    if (version_ != scene.version) {
        version_.reset();
        pose_scene(scene, painter_, posed_);
        version_ = scene.version;
    }
    colors_from(posed_, camera.position(), posed_.colors);
    RasterOptions options;
    options.stop = stop;
    const int factor = samples_across(samples);
    rasterizer_->forward(posed_, factor == 1 ? camera : camera.resized(camera.width * factor, camera.height * factor),
                         options, frame_);
    if (factor == 1) return picture_of(frame_, false);
    // Colors are over black, so premultiplied: their mean is the pixel's.
    Frame mean;
    mean.color = mean_of(frame_.color, factor);
    mean.alpha = mean_of(frame_.alpha, factor);
    return picture_of(mean, false);
}

}  // namespace likeness
