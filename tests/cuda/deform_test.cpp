// Anchored to posed Gaussians: against Eigen in double precision, and gradients by finite differences of it.
#include "likeness/cuda/deform.h"

#include <Eigen/Geometry>
#include <array>
#include <functional>

#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {
namespace {

class DeformTest : public GpuTest {};

// Parameters in the order offset 3, log scale 3, quaternion 4, albedo 3, logit 1; posed values in the order mean 3,
// scale 3, rotation 4, color 3, opacity 1.
constexpr int values_per_splat = 14;
using Values = std::array<double, values_per_splat>;
constexpr int part_first[] = {0, 3, 6, 10, 13}, part_width[] = {3, 3, 4, 3, 1};

Values pose(const float* frame, const Values& p) {
    const Eigen::Matrix3d rotation =
        Eigen::Map<const Eigen::Matrix<float, 3, 3, Eigen::RowMajor>>(frame + 3).cast<double>();
    const double stretch = double(frame[12]);
    const Eigen::Vector3d mean = Eigen::Map<const Eigen::Vector3f>(frame).cast<double>() +
                                 stretch * rotation * Eigen::Vector3d(p[0], p[1], p[2]);
    const Eigen::Quaterniond q = Eigen::Quaterniond(rotation) * Eigen::Quaterniond(p[6], p[7], p[8], p[9]).normalized();
    Values out{mean.x(), mean.y(), mean.z()};
    for (std::size_t k = 0; k < 3; ++k) out[3 + k] = stretch * std::exp(p[3 + k]);
    const double quaternion[] = {q.w(), q.x(), q.y(), q.z()};
    std::copy(quaternion, quaternion + 4, &out[6]);
    for (std::size_t k = 0; k < 3; ++k) out[10 + k] = p[10 + k];
    out[13] = 1 / (1 + std::exp(-p[13]));
    return out;
}

struct Anchored {
    std::size_t count;
    std::vector<float> frames;
    std::vector<float> parts[5];

    Values values(std::size_t i) const {
        Values out{};
        for (std::size_t part = 0; part < 5; ++part) {
            for (int k = 0; k < part_width[part]; ++k) {
                out[std::size_t(part_first[part] + k)] =
                    double(parts[part][i * std::size_t(part_width[part]) + std::size_t(k)]);
            }
        }
        return out;
    }
};

Anchored random_anchored(std::size_t count) {
    Random random(31);
    Anchored a;
    a.count = count;
    for (std::size_t i = 0; i < count; ++i) {
        Eigen::Quaternionf q(random.normal(), random.normal(), random.normal(), random.normal());
        // Half turns about each axis and no turn at all reach every branch of the conversion to a quaternion.
        if (i < 4) q = Eigen::Quaternionf(i == 0, i == 1, i == 2, i == 3);
        const Eigen::Matrix<float, 3, 3, Eigen::RowMajor> rotation(q.normalized().toRotationMatrix());
        for (int k = 0; k < 3; ++k) a.frames.push_back(random.uniform(-0.2f, 0.2f));
        a.frames.insert(a.frames.end(), rotation.data(), rotation.data() + 9);
        a.frames.push_back(random.uniform(0.5f, 1.6f));
    }
    a.parts[0] = random.uniforms(3 * count, -0.01f, 0.01f);
    a.parts[1] = random.uniforms(3 * count, -8, -4);
    a.parts[2] = random.normals(4 * count);
    a.parts[3] = random.uniforms(3 * count, 0, 1);
    a.parts[4] = random.uniforms(count, -5, 5);
    return a;
}

TEST_F(DeformTest, forward_and_backward) {
    const Anchored a = random_anchored(1000);
    const auto frames = upload(a.frames), offsets = upload(a.parts[0]), log_scales = upload(a.parts[1]),
               quaternions = upload(a.parts[2]), albedos = upload(a.parts[3]), opacity_logits = upload(a.parts[4]);
    const cuda::AnchoredArrays anchored{frames.data(),      offsets.data(), log_scales.data(),
                                        quaternions.data(), albedos.data(), opacity_logits.data()};
    std::vector<cuda::DeviceBuffer<float>> posed, posed_gradients, gradients;
    std::vector<std::vector<float>> weights;
    Random random(32);
    for (std::size_t part = 0; part < 5; ++part) {
        const std::size_t size = a.count * std::size_t(part_width[part]);
        posed.push_back(poisoned(size));
        gradients.push_back(poisoned(size));
        weights.push_back(random.normals(size));
        posed_gradients.push_back(upload(weights.back()));
    }
    cuda::DeviceBuffer<const float*> views(stream());
    views.upload({frames.data()});
    cuda::deform_batch(1, int(a.count), views.data(), anchored,
                       {posed[0].data(), posed[1].data(), posed[2].data(), posed[3].data(), posed[4].data()}, stream());
    cuda::deform_batch_backward(
        1, int(a.count), views.data(), anchored,
        {posed_gradients[0].data(), posed_gradients[1].data(), posed_gradients[2].data(), posed_gradients[3].data(),
         posed_gradients[4].data()},
        {gradients[0].data(), gradients[1].data(), gradients[2].data(), gradients[3].data(), gradients[4].data()},
        {}, stream());

    std::vector<double> expected[5], expected_gradients[5];
    std::vector<float> rotations = posed[2].download(), rotation_gradients = gradients[2].download();
    for (std::size_t i = 0; i < a.count; ++i) {
        const Values p = a.values(i), out = pose(&a.frames[i * cuda::frame_floats], p);
        // A quaternion and its negative are the same rotation; the frame's one may come out as either.
        double along = 0;
        for (std::size_t k = 0; k < 4; ++k) along += double(rotations[4 * i + k]) * out[6 + k];
        const double sign = along < 0 ? -1 : 1;
        Values weight{};
        for (std::size_t part = 0; part < 5; ++part) {
            for (std::size_t k = 0; k < std::size_t(part_width[part]); ++k) {
                const double flip = part == 2 ? sign : 1;
                const std::size_t at = std::size_t(part_first[part]) + k;
                expected[part].push_back(flip * out[at]);
                weight[at] = flip * double(weights[part][i * std::size_t(part_width[part]) + k]);
            }
        }
        const auto loss = [&](const Values& values) {
            const Values result = pose(&a.frames[i * cuda::frame_floats], values);
            double sum = 0;
            for (std::size_t k = 0; k < values_per_splat; ++k) sum += weight[k] * result[k];
            return sum;
        };
        for (std::size_t part = 0; part < 5; ++part) {
            for (int k = 0; k < part_width[part]; ++k) {
                const std::size_t at = std::size_t(part_first[part] + k);
                Values above = p, below = p;
                above[at] += 1e-6;
                below[at] -= 1e-6;
                expected_gradients[part].push_back((loss(above) - loss(below)) / 2e-6);
            }
        }
    }
    const char* const names[] = {"offset", "scale", "rotation", "albedo", "opacity"};
    for (std::size_t part = 0; part < 5; ++part) {
        EXPECT_LT(relative_distance(posed[part].download(), expected[part]), 1e-6) << names[part];
        EXPECT_LT(relative_distance(gradients[part].download(), expected_gradients[part]), 1e-5) << names[part];
    }
}

// Two views of the same Gaussians: gradients are the sums of those of each, as much as it teaches.
TEST_F(DeformTest, views_are_weighed_and_summed) {
    const Anchored a = random_anchored(700), b = random_anchored(700);
    Random random(33);
    std::vector<float> of_first = random.uniforms(700, 0, 1);
    of_first[5] = 0;
    const auto first = upload(a.frames), second = upload(random.uniforms(b.frames.size(), -1, 1)),
               offsets = upload(a.parts[0]), log_scales = upload(a.parts[1]), quaternions = upload(a.parts[2]),
               albedos = upload(a.parts[3]), opacity_logits = upload(a.parts[4]), weight = upload(of_first);
    const cuda::AnchoredArrays anchored{nullptr,        offsets.data(),       log_scales.data(), quaternions.data(),
                                        albedos.data(), opacity_logits.data()};
    std::vector<cuda::DeviceBuffer<float>> grad_posed;
    for (const int width : part_width) grad_posed.push_back(upload(random.normals(2 * 700 * std::size_t(width))));
    cuda::DeviceBuffer<const float*> frames(stream()), weights(stream());
    cuda::DeviceBuffer<unsigned char> colors_only(stream());
    const auto gradients = [&](const std::vector<const float*>& of_views, std::size_t from, const cuda::ViewWeights& w) {
        frames.upload(of_views);
        std::vector<cuda::DeviceBuffer<float>> by;
        for (const int width : part_width) by.push_back(poisoned(700 * std::size_t(width)));
        const auto at = [&](std::size_t part) {
            return grad_posed[part].data() + from * 700 * std::size_t(part_width[part]);
        };
        cuda::deform_batch_backward(int(of_views.size()), 700, frames.data(), anchored,
                                    {at(0), at(1), at(2), at(3), at(4)},
                                    {by[0].data(), by[1].data(), by[2].data(), by[3].data(), by[4].data()}, w, stream());
        std::vector<std::vector<float>> result;
        for (const auto& buffer : by) result.push_back(buffer.download());
        return result;
    };
    weights.upload({weight.data(), nullptr});
    colors_only.upload({0, 1});
    const auto both = gradients({first.data(), second.data()}, 0, {weights.data(), colors_only.data()});
    const auto one = gradients({first.data()}, 0, {}), other = gradients({second.data()}, 1, {});
    for (std::size_t part = 0; part < 5; ++part) {
        const std::size_t width = std::size_t(part_width[part]);
        std::vector<double> expected;
        for (std::size_t i = 0; i < one[part].size(); ++i)
            expected.push_back(double(of_first[i / width]) * double(one[part][i]) +
                               (part == 3 ? double(other[part][i]) : 0.0));
        EXPECT_LT(relative_distance(both[part], expected), 1e-6) << part;
    }
}

TEST_F(DeformTest, nothing_to_do) {
    cuda::deform_batch(1, 0, nullptr, {}, {}, stream());
    cuda::deform_batch_backward(1, 0, nullptr, {}, {}, {}, {}, stream());
}

}  // namespace
}  // namespace likeness::cuda_tests
