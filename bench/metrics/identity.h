// Whether a render is still the same person: the distance of dlib's face descriptors (docs/measures.md, "Identity").
#pragma once

#include <array>
#include <filesystem>
#include <memory>

#include "core/base/result.h"
#include "core/image/image.h"

namespace likeness::metrics {

// Euclidean distance is what counts; below about 0.5 two pictures show one person.
using Descriptor = std::array<float, 128>;
double descriptor_distance(const Descriptor& a, const Descriptor& b);

struct IdentityDistance {
    double value = 1.0;  // 1.0 where a face was not detected, as the measure defines
    bool photo_detected = false;
    bool render_detected = false;
};

// Not for several threads at once: the network and the detector keep scratch memory. Make one for each thread.
class IdentityScore {
  public:
    // Loads `shape_predictor_5_face_landmarks.dat` and `dlib_face_recognition_resnet_model_v1.dat` from the
    // folder `models`. Errors: not_found, bad_input.
    static Result<IdentityScore> load(const std::filesystem::path& models);
    // Where scripts/setup put them for this build.
    static std::filesystem::path default_models();

    IdentityScore(IdentityScore&&) noexcept;
    IdentityScore& operator=(IdentityScore&&) noexcept;
    ~IdentityScore();

    // The largest face of an RGB or RGBA picture put on white: HOG detector on the picture enlarged twofold, then
    // fourfold; five landmarks; chip of 150 pixels with padding 0.25; no jitter.
    // Errors: not_found when no face is detected, invalid_argument for other pictures, internal when dlib throws.
    Result<Descriptor> describe(const Image& picture);

    // The measure for one pair. A photograph compared with many renders is described once by the caller.
    // A face that is not detected is no error but a distance of 1.0. Errors: invalid_argument, internal.
    Result<IdentityDistance> distance(const Image& photo, const Image& render);
    Result<IdentityDistance> distance(const Descriptor& photo, const Image& render);

  private:
    struct Models;
    explicit IdentityScore(std::unique_ptr<Models> models);
    std::unique_ptr<Models> models_;
};

}  // namespace likeness::metrics
