// Inside core/tracking: the energy that LandmarkSolver lowers, as a function of one vector of parameters, and its normal
// equations.
//   x = identity | controls | the head's rotation | the camera's shift | log focal length
// Terms: landmarks in the picture (robust), their depths about the mean (robust), of a person whose shape is known how far
// lids and lips are apart, Gaussian priors on identity, controls, distance and a focal length that is known.
#pragma once

#include <vector>

#include "core/tracking/landmark_solver.h"

namespace likeness {

// Camera axes against the world's for a camera that looks at the face from the front.
inline const Eigen::Vector3f front_flip(1, -1, -1);
// People are photographed from about here.
inline constexpr float usual_distance = 1.0f;  // metres

// A head model and the part of it that carries landmarks.
struct LandmarkHead {
    const HeadModel& model;
    const std::vector<SurfacePoint>& on_head;              // the landmarks on model
    HeadModel part;                                        // only the vertices that carry landmarks
    std::array<Eigen::Vector3i, landmarks::count> corner;  // the landmarks' vertices in part
    explicit LandmarkHead(const HeadModel& head_model);
};

class LandmarkProblem {
  public:
    LandmarkProblem(const LandmarkHead& head, const LandmarkPoints& points, const SolverOptions& options);

    int parameters() const { return count_; }
    Eigen::VectorXf read(const HeadFit& fit) const;
    void write(const Eigen::VectorXf& x, HeadFit& fit) const;

    // Bounds of the parameters around x.
    void bounds(const Eigen::VectorXf& x, Eigen::VectorXf& low, Eigen::VectorXf& high) const;
    // Which parameters do not move: all but rotation and camera unless `refine_all`, the focal length when it is given.
    std::vector<bool> held(bool refine_all) const;

    double energy(const HeadFit& fit) { return evaluate(fit, false, nullptr, nullptr); }
    // Also the Gauss-Newton Hessian (lower triangle) and the gradient; without `refine_all` of rotation and camera only.
    double normal_equations(const HeadFit& fit, bool refine_all, Eigen::MatrixXf& hessian, Eigen::VectorXf& gradient) {
        return evaluate(fit, refine_all, &hessian, &gradient);
    }

    // Where errors stop counting, in standard deviations (Cauchy).
    float robust_scale;

  private:
    // Depths of the irises are not used.
    static constexpr int depths = landmarks::face_count, depth_row = 2 * landmarks::count, gap_row = depth_row + depths;
    static constexpr int gap_count =
        int(landmarks::right_lids.size() + landmarks::left_lids.size() + landmarks::lips.size());
    using Depths = std::array<float, depths>;

    double evaluate(const HeadFit& fit, bool refine_all, Eigen::MatrixXf* hessian, Eigen::VectorXf* gradient);
    // Where a landmark of the posed head is, camera axes.
    Eigen::Vector3f in_camera(const HeadFit& fit, const Vertices& posed, int landmark) const;
    void add_landmarks(const HeadFit& fit, const Vertices& posed, bool with_rows, bool refine_all, Depths& depth,
                       double& energy);
    void add_depths(float focal, const Depths& depth, bool with_rows, double& energy);
    void add_gaps(const HeadFit& fit, const Vertices& posed, bool with_rows, bool refine_all, double& energy);
    void add_priors(const HeadFit& fit, Eigen::MatrixXf* hessian, Eigen::VectorXf* gradient, double& energy) const;
    // Adds factor times `j` (rows of the model's Jacobian) to the columns of identity, controls and rotation.
    template <class Rows, class Factor, class Jacobian>
    void add_chain(Rows&& rows, const Factor& factor, const Jacobian& j, bool refine_all) const;

    const LandmarkHead& head_;
    const LandmarkPoints& points_;
    const SolverOptions& options_;
    const int identities_, controls_, at_control_, at_turn_, at_shift_, at_focal_, count_;
    const HeadParameters column_;  // of the model's Jacobian
    const float iris_;             // distance between the irises, pixels
    const std::array<float, landmarks::count> weight_;
    const std::array<Eigen::Vector2f, landmarks::count> normal_;
    Eigen::VectorXf prior_;  // inverse standard deviations, 0 for none
    float mean_guess_ = 0;   // of the detector's depths
    RowMatrix model_jacobian_, rows_;
    Eigen::VectorXf residual_;
};

}  // namespace likeness
