// Fits a head model to MediaPipe's landmarks of a face in one picture: identity, expression, head rotation, camera.
//
// Damped Gauss-Newton (Levenberg-Marquardt) with the model's analytic Jacobian, robust weights, Gaussian priors and
// bounds on the coefficients. The camera looks straight at the torso: the world is the torso's frame, the head's
// rotation is shared between neck and head (turn_head). With a model of one person and a warm start the same
// solver follows a video, see FaceFollower.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/geometry/camera.h"
#include "core/head/head_model.h"
#include "core/head/mediapipe_landmarks.h"

namespace likeness {

using LandmarkPoints = std::array<Eigen::Vector3f, landmarks::count>;  // pixels; z in the same units, smaller is nearer

struct HeadFit {
    Eigen::VectorXf identity;
    HeadPose pose;
    Eigen::Vector3f head_rotation = Eigen::Vector3f::Zero();  // whole rotation of the head, axis-angle
    Camera camera;                                            // of the whole picture
    Vertices offsets;           // [3, V] in the neutral pose; empty until surface offsets are fitted
    float model_error = 0;      // median landmark distance over the iris distance, without offsets
    float landmark_error = 0;   // the same with offsets
};

struct SolverOptions {
    bool solve_identity = true;
    bool solve_focal = true;
    std::optional<float> focal_pixels;  // known focal length (EXIF): a strong prior; kept unless solve_focal
    std::optional<Eigen::Vector2f> principal_point;  // pixels; the picture's middle unless given
    bool warm_start = false;            // the given fit is a good beginning
    bool same_person = false;           // the model has this very person's shape: landmarks are believed more
    int iterations = 14;
    const std::atomic<bool>* stop = nullptr;  // true: ends with what it has
};

// Whether the head has the landmarks that are fitted; all that fits faces needs them. Error: invalid_argument.
Status check_landmarks(const HeadModel& model);

struct LandmarkHead;  // landmark_problem.h

class LandmarkSolver {
  public:
    explicit LandmarkSolver(const HeadModel& model);  // which must outlive it
    ~LandmarkSolver();

    // Fits; `fit` is read when options.warm_start (identity, pose, camera), and always written.
    void solve(const LandmarkPoints& points, int width, int height, const SolverOptions& options, HeadFit& fit) const;

    // Several pictures of one person by one camera (one or more, of the same size): identity and focal length are
    // shared. The model's misfit is the same in all of them, so priors count once a picture. warm_start, same_person
    // and given fits are not used.
    void solve_together(std::span<const LandmarkPoints> pictures, int width, int height, const SolverOptions& options,
                        std::vector<HeadFit>& fits) const;

  private:
    void start(const LandmarkPoints& points, int width, int height, const SolverOptions& options, HeadFit& fit) const;

    // From where the fit is; `rigid` rounds of rotation and camera come first.
    void refine(const LandmarkPoints& points, const SolverOptions& options, int rigid, HeadFit& fit) const;

    std::unique_ptr<const LandmarkHead> head_;
};

// Distance between the iris centres, pixels.
float iris_distance(const LandmarkPoints& points);

// Landmark distances as fractions of the iris distance over the 468 face points less the oval: their median.
float landmark_error(const HeadModel& model, const Vertices& posed, const Camera& camera, const LandmarkPoints& points);

}  // namespace likeness
