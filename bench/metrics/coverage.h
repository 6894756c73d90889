// Whether the Gaussians close over the head and stay with it (docs/measures.md: coverage, floaters, outline).
#pragma once

#include "core/base/result.h"
#include "core/image/image.h"

namespace likeness::metrics {

// All images have one channel and equal size; a silhouette is 1 inside, 0 outside (rasterize_silhouette).
// Errors: invalid_argument for other shapes and where there is nothing to measure.

inline constexpr int kErosionPixels = 2;

// 1 where every pixel whose centre is at most `radius` away is inside. The picture's border does not erode: a neck that
// leaves the frame ends there by framing, not by shape.
Image eroded(const Image& mask, int radius);

// Fraction of S (the silhouette eroded by 2 pixels) with alpha >= 0.98; invalid_argument when S is empty.
Result<double> coverage(const Image& alpha, const Image& silhouette);

// Share of all alpha in 8-connected parts of alpha > 0.05 that have no pixel in S; 0 when all is transparent.
Result<double> floaters(const Image& alpha, const Image& silhouette);

// Intersection over union of alpha > 0.5 and matte > 0.5; invalid_argument when both are empty.
Result<double> outline_overlap(const Image& alpha, const Image& matte);

// The alpha of an RGBA picture.
Image alpha_channel(const Image& rgba);

}  // namespace likeness::metrics
