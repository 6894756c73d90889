// From what was seen in a portrait to a fitted head: landmarks, then per-vertex offsets that bring the mesh onto the
// landmarks and the body's outline onto the matte.
#pragma once

#include "core/image/image.h"
#include "core/tracking/landmark_solver.h"

namespace likeness {

struct OutlineEvidence {
    const Image* alpha = nullptr;  // the matte, 1 channel
    const Image* hair = nullptr;   // probability of hair, 1 channel
    Camera camera;                 // of these pictures; the same view as the fit's
};

// Identity, expression, pose and focal length, then offsets from the landmarks alone.
HeadFit fit_landmarks(const HeadModel& model, const LandmarkPoints& points, int width, int height,
                      const SolverOptions& options);

// Refines fit.offsets so that neck, shoulders, ears and jaw end where the matte ends, and the skull stays inside it.
void fit_outline(const HeadModel& model, const LandmarkPoints& points, const OutlineEvidence& evidence, HeadFit& fit);

}  // namespace likeness
