// Lines on a face (lips, lids, brows, ...) through its landmarks, as curves on the atlas, and how far places are from
// them along the skin. The atlas is the skin unrolled: what lies under a rolled-up lid or between closed lips has its
// own place there.
#pragma once

#include <Eigen/Core>
#include <array>
#include <span>
#include <vector>

#include "core/editing/paint_surface.h"

namespace likeness {

// A place on the surface, with what distances from it need.
struct FacePlace {
    int triangle = -1;
    Eigen::Vector2f atlas = Eigen::Vector2f::Zero();
    Eigen::Vector3f barycentric = Eigen::Vector3f::Zero();
    Eigen::Vector3f position = Eigen::Vector3f::Zero();  // at rest
    Eigen::Vector3f metric = Eigen::Vector3f::Zero();    // square metres by atlas units: uu, uv, vv
};
inline float metric_square(const Eigen::Vector3f& metric, const Eigen::Vector2f& way) {
    return metric[0] * way.x() * way.x() + 2 * metric[1] * way.x() * way.y() + metric[2] * way.y() * way.y();
}

// Dense points on the atlas.
struct AtlasCurve {
    std::vector<Eigen::Vector2f> points;
    bool closed = false;
    Eigen::Vector2f low, high;  // the box round them
    // Circles round runs of spans, so that a search looks at few of them.
    static constexpr std::size_t run = 6;
    struct Circle {
        Eigen::Vector2f middle;
        float radius;
    };
    std::vector<Circle> circles;

    std::size_t spans() const { return closed ? points.size() : points.size() - 1; }
};
// Through the points, smooth (Catmull and Rom 1974), with so many steps from one to the next.
AtlasCurve smooth_curve(const std::vector<Eigen::Vector2f>& through, bool closed, int steps = 8);

struct CurveDistance {
    float metres = 0;  // along the skin, by the metric of the place; the less exact, the farther
    float along = 0;   // of the nearest point, share of the curve's points in [0, 1]
};
CurveDistance distance_to(const AtlasCurve& curve, const FacePlace& place);
// True for places that are surely farther than that from the curve and what it goes round, at little cost.
bool is_far_from(const AtlasCurve& curve, const FacePlace& place, float metres);
// Whether a closed curve goes round the place.
bool is_inside(const AtlasCurve& curve, const Eigen::Vector2f& atlas);
// The same, negative inside.
float signed_distance(const AtlasCurve& closed, const FacePlace& place);
Eigen::Vector2f point_at(const AtlasCurve& curve, float along);
// From a line in space; metres.
CurveDistance distance_to(const std::vector<Eigen::Vector3f>& line, const Eigen::Vector3f& from);

// An eye's opening. Both lines go from the inner to the outer corner.
struct EyeCurves {
    AtlasCurve opening, upper, lower;
    // Where the lashes begin: one sees a lid begin there, be it open or closed; its edge lies between that and the line
    // above. From the inner to the outer corner; `rim` goes round both.
    AtlasCurve upper_lashes, lower_lashes, rim;
    std::vector<Eigen::Vector3f> upper_closed, lower_closed;  // points of the two with the lids closed
    AtlasCurve brow;                      // round the brow
    AtlasCurve brow_top, brow_underside;  // from the nose outwards
};

class FaceCurves {
  public:
    // `surface` must outlive this.
    explicit FaceCurves(const PaintSurface& surface);

    // False: the head has no MediaPipe landmarks, or its atlas cuts the face; then there are no curves.
    bool found() const { return found_; }
    bool has_irises() const { return irises_; }
    // Metres between the irises by those of a usual face: sizes of what is put on a face grow with it.
    float scale() const { return scale_; }

    FacePlace place(const SurfacePoint& point) const;
    FacePlace place(const SurfacePoint& point, const Eigen::Vector2f& atlas) const;
    // With the lids closed; as at rest where the head cannot blink. Lengths on lids are measured there: open ones are
    // rolled up. Precondition: found().
    Eigen::Vector3f closed_position(const SurfacePoint& point) const {
        return surface_position(closed_, surface_.avatar().triangles(), point);
    }
    // Preconditions of the following: found().
    const Eigen::Vector2f& landmark(int index) const { return landmarks_[std::size_t(index)]; }
    SurfacePoint landmark_point(int index) const;
    AtlasCurve through(std::span<const int> landmarks, bool closed, int steps = 8) const;
    // Triangles of the face's piece of the atlas in which places may be that near to one of the curves (metres); by
    // rising numbers.
    std::vector<int> near(const std::vector<const AtlasCurve*>& curves, float reach) const;
    // Of a triangle's piece of the atlas.
    int chart(int triangle) const { return chart_[std::size_t(triangle)]; }
    int face_chart() const { return face_chart_; }

    std::array<EyeCurves, 2> eyes;  // right, left
    // 0 for the right one.
    std::size_t nearer_eye(const Eigen::Vector2f& atlas) const {
        return (atlas - eyes[0].opening.points[0]).squaredNorm() < (atlas - eyes[1].opening.points[0]).squaredNorm()
                   ? 0
                   : 1;
    }
    AtlasCurve lips, mouth;  // the border of the red; where the lips meet
    // From the right corner to the left.
    AtlasCurve upper_lip, lower_lip, upper_lip_inner, lower_lip_inner;

  private:
    void find_metric();
    void close_lids();
    void find_charts();
    void find_curves();
    AtlasCurve lash_line(const AtlasCurve& line, const AtlasCurve* over, const AtlasCurve& opening) const;

    const PaintSurface& surface_;
    bool found_ = false, irises_ = false;
    float scale_ = 1;
    int face_chart_ = -1;
    std::vector<Eigen::Vector2f> landmarks_;
    std::vector<Eigen::Vector3f> metric_;  // of each atlas vertex
    Vertices closed_;                      // with the lids closed
    std::vector<int> chart_;               // of each triangle
};

}  // namespace likeness
