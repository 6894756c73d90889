// The regions of a face that paint may be kept to, as soft masks over the avatar's surface. Those with a line of their
// own (lips, lids, brows, ...) follow the person's landmarks, which lie on the photograph's lines; the others are the
// head's regions with soft borders; hair and cloth are where the avatar has Gaussians of them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/editing/face_curves.h"

namespace likeness {

enum class FaceRegion : std::uint8_t {
    lips,
    cheeks,
    brows,
    lids,
    sclera,
    iris,  // without the pupil
    teeth,
    scalp,
    neck,
    ears,
    hair,
    cloth,
    skin,  // whatever a tan would reach
    beard,
    under_eye,
    nose,
    forehead,
};
inline constexpr std::size_t face_region_count = 17;
struct FaceRegionName {
    const char* name;   // in files and commands
    const char* title;  // for people
};
inline constexpr std::array<FaceRegionName, face_region_count> face_region_names = {{
    {"lips", "Lips"},
    {"cheeks", "Cheeks"},
    {"brows", "Brows"},
    {"lids", "Eyelids"},
    {"sclera", "Whites of the eyes"},
    {"iris", "Irises"},
    {"teeth", "Teeth"},
    {"scalp", "Scalp"},
    {"neck", "Neck"},
    {"ears", "Ears"},
    {"hair", "Hair"},
    {"cloth", "Clothes"},
    {"skin", "Skin"},
    {"beard", "Beard area"},
    {"under_eye", "Under the eyes"},
    {"nose", "Nose"},
    {"forehead", "Forehead"},
}};
// Null when no region is called so.
const FaceRegion* face_region_named(std::string_view name);

class FaceRegions {
  public:
    // `surface` must outlive this; Gaussians are those of its avatar.
    explicit FaceRegions(const PaintSurface& surface);

    const FaceCurves& curves() const { return curves_; }
    const PaintSurface& surface() const { return surface_; }

    // Why this head has no such region, a sentence; empty when it has one.
    std::string missing(FaceRegion region) const;
    // In [0, 1]; 0 for a region that is missing.
    float at(FaceRegion region, const FacePlace& place) const;
    float at(FaceRegion region, const SurfacePoint& point) const { return at(region, curves_.place(point)); }
    // The triangles that a region may be in: elsewhere it is 0. By rising numbers.
    std::vector<int> triangles(FaceRegion region) const;
    // White, its alpha is the mask; on tiles as fine as brushes paint, none where all is 0.
    PaintTexels mask(FaceRegion region, float finest = PaintSurface::brush_texel) const;

    // 0 on the lips and up to `from` metres beyond their border, 1 from `to` on. Precondition:
    // curves().found().
    float beside_lips(const FacePlace& place, float from, float to) const;

    // Where in an eye a place lies: the distance from the middle of the iris by the iris' radius, and the angle about
    // it as one sees it (radians, 0 towards +X, counter-clockwise). Radius 1e3 beside the eyes or without irises.
    struct IrisPlace {
        float radius = 1e3f, angle = 0;
        int side = 0;  // 0: the subject's right
    };
    IrisPlace iris(const FacePlace& place) const;
    static constexpr float pupil_radius = 0.33f;  // by the iris'

  private:
    float share(const std::vector<float>& of_vertex, const FacePlace& place) const;
    std::vector<float> soft_share(const std::vector<bool>& triangles, int passes) const;
    float beard(const FacePlace& place) const;
    bool may_have_beard(int triangle) const;
    float under_eye(const FacePlace& place) const;
    void find_irises();
    void find_cloth();

    const PaintSurface& surface_;
    FaceCurves curves_;
    int head_triangles_ = 0;
    bool has_hair_ = false, has_cloth_ = false;
    // Soft shares of vertices [V of the head].
    std::vector<float> lids_, scalp_, neck_, ears_, torso_, cloth_, hair_;
    AtlasCurve beard_, nose_, forehead_;
    std::array<AtlasCurve, 2> cheek_;
    std::vector<Eigen::Vector3f> jaw_;  // at rest
    struct Iris {
        Eigen::Vector3f middle, across, up;  // the axes by the square of the radius
        bool found = false;
    };
    std::array<Iris, 2> irises_;
};

// 0 below `low`, 1 above `high`, smooth between (also for low > high).
inline float smooth_step(float low, float high, float x) {
    const float t = std::min(std::max((x - low) / (high - low), 0.0f), 1.0f);
    return t * t * (3 - 2 * t);
}

}  // namespace likeness
