#include "cuda/register_device.h"

#include <future>
#include <memory>

#include "core/base/failure.h"
#include "core/pipeline/devices.h"
#include "cuda/cuda_rasterizer.h"
#include "cuda/cuda_scene_renderer.h"
#include "cuda/cuda_training_engine.h"
#include "likeness/cuda/device.h"

namespace likeness {
namespace {

// A triangle with one Gaussian on it.
Avatar smallest_avatar() {
    auto model = std::make_shared<HeadModel>();
    model->vertices = Vertices::Identity(3, 3);
    model->triangles = {{0, 1, 2}};
    model->uv = {{0, 0}, {1, 0}, {0, 1}};
    model->triangle_uv = {{0, 1, 2}};
    model->joint_position = Eigen::Matrix3Xf::Zero(3, 1);
    model->joint_parent = {-1};
    model->weights = Eigen::MatrixXf::Ones(1, 3);
    model->control_joint = Eigen::MatrixXf::Zero(3, 0);
    model->expression = std::make_shared<const ExpressionBasis>(
        ExpressionBasis{Eigen::MatrixXf::Zero(9, 0), Eigen::MatrixXf::Zero(0, 0)});
    Avatar avatar;
    avatar.model = std::move(model);
    avatar.prepare();
    AnchoredSplats splats;
    splats.resize(1);
    splats.log_scale = {-5, -5, -5};
    splats.rotation = {1, 0, 0, 0};
    splats.albedo = {0.5f, 0.5f, 0.5f};
    avatar.splats = std::move(splats);
    avatar.rebuild_anchors();
    return avatar;
}

// Makes the context and loads the kernels of a training step, which the driver would else do when the first picture is
// wanted: some steps on one Gaussian.
void warm_up() {
    const auto device = cuda::find_device();
    if (!device) throw DeviceFailure(device.error().message + " [" + device.error().detail + "]");
    const Avatar avatar = smallest_avatar();
    TrainingView view;
    view.camera.width = view.camera.height = 16;
    view.camera.fx = view.camera.fy = 44;
    view.camera.cx = view.camera.cy = 8;
    view.camera.world_to_camera = look_at({0, 0, 1.1f}, {0, 0, 0});
    view.pose = HeadPose::neutral(*avatar.model);
    view.target = {16, 16, std::vector<unsigned char>(16 * 16 * 4), {}};
    const auto engine = make_cuda_training_engine();
    engine->load(avatar, splat_groups());
    const int number = engine->add_view(view);
    for (int i = 0; i < 3; ++i) engine->step({&number, 1}, {0, 0, 0});
    engine->splats();
}

Result<Device> open() {
    const auto info = cuda::identify_device();
    if (!info) return info.error();
    // Meanwhile the program loads its models and looks at the photograph. The last copy of `warm` waits for the thread.
    const std::shared_future<void> warm = std::async(std::launch::async, warm_up).share();
    Device device;
    device.name = "cuda";
    device.hardware = info->name;
    device.hardware +=
        ", driver for CUDA " + std::to_string(info->driver / 1000) + "." + std::to_string(info->driver % 1000 / 10);
    device.make_rasterizer = [warm] {
        warm.get();
        return make_cuda_rasterizer();
    };
    device.make_scene_renderer = [warm] {
        warm.get();
        return make_cuda_scene_renderer();
    };
    device.make_training_engine = [warm](TrainingPace pace) {
        warm.get();
        CudaEngineOptions options;
        if (pace == TrainingPace::beside_viewer) options.steps_in_flight = 0;
        return make_cuda_training_engine(options);
    };
    return device;
}

}  // namespace

void register_cuda_device() { register_device({"cuda", open}); }

}  // namespace likeness
