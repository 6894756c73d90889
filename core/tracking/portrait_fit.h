// From what was seen in a portrait to a fitted head: landmarks, then per-vertex offsets that bring the mesh onto the
// landmarks and the body's outline onto the matte.
#pragma once

#include <memory>

#include "core/image/image.h"
#include "core/tracking/landmark_solver.h"
#include "core/tracking/surface_offsets.h"

namespace likeness {

struct OutlineEvidence {
    const Image* alpha = nullptr;  // the matte, 1 channel
    const Image* hair = nullptr;   // probability of hair, 1 channel
    Camera camera;                 // of these pictures; the same view as the fit's
};

// Makes what depends on the head model only once; not for two threads at a time.
class PortraitFitter {
  public:
    explicit PortraitFitter(std::shared_ptr<const HeadModel> model);

    // Identity, expression, pose and focal length, then offsets from the landmarks alone.
    HeadFit fit(const LandmarkPoints& points, int width, int height, const SolverOptions& options);

    // Refines fit.offsets so that neck, shoulders, ears and jaw end where the matte ends, and the skull stays inside it.
    void fit_outline(const LandmarkPoints& points, const OutlineEvidence& evidence, HeadFit& fit);

  private:
    std::shared_ptr<const HeadModel> model_;
    LandmarkSolver landmarks_;
    OffsetSolver offsets_;
};

}  // namespace likeness
