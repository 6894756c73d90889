#include "core/avatar/surface_batch.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <functional>

#include "core/avatar/deform.h"
#include "core/base/parallel.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

using Values = std::vector<float>;

void draw(Random& random, Values& values, std::size_t n) {
    values.resize(n);
    for (float& x : values) x = uniform(random, -1, 1);
}

// The five arrays of Gaussians, or of what they learn.
struct Posed {
    Values means, scales, rotations, colors, opacities;
    explicit Posed(std::size_t n) : means(3 * n), scales(3 * n), rotations(4 * n), colors(3 * n), opacities(n) {}
    PosedArrays arrays() { return {means.data(), scales.data(), rotations.data(), colors.data(), opacities.data()}; }
    PosedGradients gradients() const {
        return {means.data(), scales.data(), rotations.data(), colors.data(), opacities.data()};
    }
};
struct Own {
    Values offsets, log_scales, quaternions, albedos, opacity_logits;
    explicit Own(std::size_t n)
        : offsets(3 * n), log_scales(3 * n), quaternions(4 * n), albedos(3 * n), opacity_logits(n) {}
    AnchoredGradientArrays arrays() {
        return {offsets.data(), log_scales.data(), quaternions.data(), albedos.data(), opacity_logits.data()};
    }
    bool operator==(const Own&) const = default;
};

// An avatar in several poses, and the gradients of a random linear function of all its posed Gaussians.
struct Batch {
    Avatar avatar;
    std::size_t views, count;
    std::vector<HeadPose> poses;
    SurfaceTopology topology;
    SurfaceShape shape;
    Values vertices, normals;
    Posed given{0};

    Batch(std::size_t view_count, std::size_t splats, bool hair)
        : avatar(ball_avatar(7, splats, hair)), views(view_count) {
        AnchoredSplats& s = avatar.splats.edit();
        s.resize(splats);  // the fixture may give more
        count = splats;
        Random random(11);
        for (std::size_t v = 0; v < views; ++v) poses.push_back(random_pose(*avatar.model, random));
        topology = SurfaceTopology(avatar);
        topology.load_anchors(s);
        shape = topology.shape(int(views));
        for (const HeadPose& pose : poses) {
            const Vertices surface = pose_surface(avatar, pose);
            vertices.insert(vertices.end(), surface.data(), surface.data() + surface.size());
        }
        normals.resize(vertices.size() / 3 * 4);
        surface_normals(shape, topology.arrays(), vertices.data(), normals.data());
        draw(random, given.means, 3 * views * count);
        draw(random, given.scales, 3 * views * count);
        draw(random, given.rotations, 4 * views * count);
        draw(random, given.colors, 3 * views * count);
        draw(random, given.opacities, views * count);
    }

    AnchoredArrays anchored() const {
        const AnchoredSplats& s = *avatar.splats;
        return {nullptr,           s.offset.data(), s.log_scale.data(),
                s.rotation.data(), s.albedo.data(), s.opacity_logit.data()};
    }
    Posed pose() {
        surface_normals(shape, topology.arrays(), vertices.data(), normals.data());
        Posed posed(views * count);
        pose_on_surface(shape, topology.arrays(), vertices.data(), normals.data(), anchored(), posed.arrays());
        return posed;
    }
    void backward(float* grad_vertices, Own* own, const ViewWeights& weights = {}) {
        const Posed posed = pose();
        Values scratch(surface_backward_floats(shape), NAN);
        surface_backward(shape, topology.arrays(), vertices.data(), normals.data(), anchored(), posed.rotations.data(),
                         given.gradients(), scratch.data(), grad_vertices,
                         own ? own->arrays() : AnchoredGradientArrays{}, weights);
    }
    std::vector<SplatFrames> frames() const {
        std::vector<SplatFrames> all;
        for (const HeadPose& pose : poses) all.push_back(splat_frames(avatar, pose));
        return all;
    }
};

std::vector<const float*> pointers(const std::vector<SplatFrames>& frames) {
    std::vector<const float*> all;
    for (const SplatFrames& f : frames) all.push_back(f.values.data());
    return all;
}

double error(const Values& got, const float* expected) {
    double apart = 0, size = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        apart += std::pow(double(got[i]) - double(expected[i]), 2);
        size += std::pow(double(expected[i]), 2);
    }
    return std::sqrt(apart / size);
}

// A frame by its definition, in double precision.
std::array<double, frame_floats> defined_frame(const Avatar& avatar, const Vertices& surface, const Vertices& normals,
                                               const SurfacePoint& at) {
    const Eigen::Vector3i &t = avatar.triangles()[std::size_t(at.triangle)],
                          &c = avatar.triangle_uv()[std::size_t(at.triangle)];
    const auto column = [](const Vertices& m, int i) { return Eigen::Vector3d(m.col(i).cast<double>()); };
    const auto uv = [&](int i) { return Eigen::Vector2d(avatar.uv()[std::size_t(c[i])].cast<double>()); };
    Eigen::Matrix<double, 3, 2> edges;
    edges << column(surface, t[1]) - column(surface, t[0]), column(surface, t[2]) - column(surface, t[0]);
    Eigen::Matrix2d chart;
    chart << uv(1) - uv(0), uv(2) - uv(0);
    Eigen::Vector3d origin = Eigen::Vector3d::Zero(), normal = Eigen::Vector3d::Zero();
    for (int k = 0; k < 3; ++k) {
        origin += double(at.barycentric[k]) * column(surface, t[k]);
        normal += double(at.barycentric[k]) * column(normals, t[k]);
    }
    normal.normalize();
    // dP/du = edges d(edge weights)/du
    Eigen::Vector3d tangent = (edges * chart.inverse()).col(0);
    tangent = (tangent - normal * normal.dot(tangent)).normalized();
    Eigen::Matrix<double, 3, 3, Eigen::RowMajor> axes;
    axes << tangent, normal.cross(tangent), normal;
    std::array<double, frame_floats> f;
    std::copy_n(origin.data(), 3, f.begin());
    std::copy_n(axes.data(), 9, f.begin() + 3);
    const double area = edges.col(0).cross(edges.col(1)).norm();
    f[12] = std::clamp(std::sqrt(area / double(avatar.neutral_double_area()[std::size_t(at.triangle)])), 0.5, 2.0);
    return f;
}

TEST(SurfaceBatch, NormalsAndFramesAreAsDefined) {
    Batch b(3, 1000, true);
    std::vector<float> frames(b.views * b.count * frame_floats);
    surface_frames(b.shape, b.topology.arrays(), b.vertices.data(), b.normals.data(), frames.data());
    for (std::size_t v = 0; v < b.views; ++v) {
        const Vertices surface = pose_surface(b.avatar, b.poses[v]),
                       normals = vertex_normals(surface, b.avatar.triangles());
        const Eigen::Map<const Eigen::Matrix4Xf> got(&b.normals[v * 4 * std::size_t(normals.cols())], 4,
                                                     normals.cols());
        EXPECT_LT((got.topRows(3) - normals).cwiseAbs().maxCoeff(), 1e-6f);
        double worst = 0;
        for (std::size_t i = 0; i < b.count; ++i) {
            const auto expected = defined_frame(b.avatar, surface, normals, b.avatar.splats->anchor[i]);
            for (std::size_t k = 0; k < frame_floats; ++k)
                worst = std::max(worst, std::abs(expected[k] - double(frames[(v * b.count + i) * frame_floats + k])));
        }
        EXPECT_LT(worst, 1e-5);
    }
}

TEST(SurfaceBatch, PosesAsOneByOne) {
    for (const std::size_t views : {1u, 3u, 8u})
        for (const std::size_t count : {1u, 15u, 16u, 17u, 700u}) {
            Batch b(views, count, count > 100);
            const Posed on_surface = b.pose();
            Posed given_frames(views * count);
            const std::vector<SplatFrames> frames = b.frames();
            deform_batch(int(views), int(count), pointers(frames).data(), b.anchored(), given_frames.arrays());
            const Posed* const both[] = {&on_surface, &given_frames};
            for (std::size_t v = 0; v < views; ++v) {
                SplatSet one;
                deform(*b.avatar.splats, frames[v], one);
                for (const Posed* p : both) {
                    const auto part = [&](const Values& all, std::size_t width) {
                        return Values(all.begin() + long(v * count * width),
                                      all.begin() + long((v + 1) * count * width));
                    };
                    EXPECT_LT(error(part(p->means, 3), one.means.data()), 1e-6);
                    EXPECT_LT(error(part(p->scales, 3), one.scales.data()), 1e-6);
                    EXPECT_LT(error(part(p->rotations, 4), one.rotations.data()), 1e-6);
                    EXPECT_EQ(part(p->colors, 3), one.colors);
                    EXPECT_EQ(part(p->opacities, 1), one.opacities);
                }
            }
        }
}

// Sum over the views of each Gaussian's part of the function.
std::vector<double> functions(const Posed& posed, const Posed& by, std::size_t views, std::size_t count,
                              const std::function<double(std::size_t, std::size_t)>& weight, bool albedo) {
    std::vector<double> sums(count, 0.0);
    const auto add = [&](const Values& value, const Values& slope, std::size_t width, bool color) {
        for (std::size_t v = 0; v < views; ++v)
            for (std::size_t i = 0; i < count; ++i)
                for (std::size_t k = (v * count + i) * width, end = k + width; k < end; ++k)
                    if (color == albedo) sums[i] += weight(v, i) * double(value[k]) * double(slope[k]);
    };
    add(posed.means, by.means, 3, false);
    add(posed.scales, by.scales, 3, false);
    add(posed.rotations, by.rotations, 4, false);
    add(posed.opacities, by.opacities, 1, false);
    add(posed.colors, by.colors, 3, true);
    return sums;
}

// Three views: weighed; colors only; as it is.
struct Weighed {
    Values first, second;
    std::array<const float*, 3> splat_weight;
    std::array<unsigned char, 3> colors_only{0, 1, 0};
    Weighed(Random& random, std::size_t count) {
        draw(random, first, count);
        draw(random, second, count);
        splat_weight = {first.data(), second.data(), nullptr};
    }
    ViewWeights weights() const { return {splat_weight.data(), colors_only.data()}; }
    double of(std::size_t view, std::size_t i, bool albedo) const {
        if (colors_only[view] && !albedo) return 0;
        return splat_weight[view] ? double(splat_weight[view][i]) : 1.0;
    }
};

void expect_own_gradients(Batch& b, const Own& got, const std::function<Posed()>& pose, const Weighed* weighed) {
    AnchoredSplats& s = b.avatar.splats.edit();
    const auto check = [&](const char* name, Values& values, const Values& derivative, std::size_t width, float h) {
        const bool albedo = &values == &s.albedo;
        const auto weight = [&](std::size_t v, std::size_t i) { return weighed ? weighed->of(v, i, albedo) : 1.0; };
        const Values kept = values;
        Values expected(values.size());
        for (std::size_t k = 0; k < width; ++k) {
            std::vector<double> function[2];
            for (int side : {0, 1}) {
                values = kept;
                for (std::size_t i = k; i < values.size(); i += width) values[i] += side ? h : -h;
                function[side] = functions(pose(), b.given, b.views, b.count, weight, albedo);
            }
            for (std::size_t i = 0; i < b.count; ++i)
                expected[i * width + k] = float((function[1][i] - function[0][i]) / (2 * double(h)));
        }
        values = kept;
        EXPECT_LT(error(derivative, expected.data()), 1e-3) << name;
    };
    check("offset", s.offset, got.offsets, 3, 0.05f);
    check("log_scale", s.log_scale, got.log_scales, 3, 0.02f);
    check("rotation", s.rotation, got.quaternions, 4, 0.005f);
    check("albedo", s.albedo, got.albedos, 3, 0.05f);
    check("opacity", s.opacity_logit, got.opacity_logits, 1, 0.02f);
}

TEST(SurfaceBatch, OwnGradients) {
    Batch b(3, 333, true);
    Random random(5);
    const Weighed weighed(random, b.count);
    for (const bool with_weights : {false, true}) {
        const ViewWeights weights = with_weights ? weighed.weights() : ViewWeights{};
        Own own(b.count), beside(b.count);
        b.backward(nullptr, &own, weights);
        expect_own_gradients(
            b, own, [&] { return b.pose(); }, with_weights ? &weighed : nullptr);
        Values grad_vertices(b.vertices.size());
        b.backward(grad_vertices.data(), &beside, weights);
        EXPECT_LT(error(beside.offsets, own.offsets.data()), 1e-6);
        EXPECT_LT(error(beside.quaternions, own.quaternions.data()), 1e-6);
    }
}

TEST(SurfaceBatch, OwnGradientsInGivenFrames) {
    Batch b(3, 333, true);
    Random random(6);
    const Weighed weighed(random, b.count);
    const std::vector<SplatFrames> frames = b.frames();
    const auto pose = [&] {
        Posed posed(b.views * b.count);
        deform_batch(int(b.views), int(b.count), pointers(frames).data(), b.anchored(), posed.arrays());
        return posed;
    };
    const Posed posed = pose();
    for (const bool with_weights : {false, true}) {
        const ViewWeights weights = with_weights ? weighed.weights() : ViewWeights{};
        Own own(b.count);
        const auto backward = [&](bool add) {
            deform_batch_backward(int(b.views), int(b.count), pointers(frames).data(), b.anchored(),
                                  posed.rotations.data(), b.given.gradients(), own.arrays(), weights, add);
        };
        backward(false);
        expect_own_gradients(b, own, pose, with_weights ? &weighed : nullptr);
        const Own once = own;
        backward(true);
        for (auto part : {&Own::offsets, &Own::log_scales, &Own::quaternions, &Own::albedos, &Own::opacity_logits})
            for (std::size_t i = 0; i < (own.*part).size(); ++i) ASSERT_EQ((own.*part)[i], 2 * (once.*part)[i]);
    }
}

TEST(SurfaceBatch, GradientsByVertices) {
    Batch b(2, 1500, true);
    Values grad_vertices(b.vertices.size(), NAN);
    b.backward(grad_vertices.data(), nullptr);
    Random random(8);
    Values got, expected;
    const auto function = [&] {
        double sum = 0;
        for (double f : functions(
                 b.pose(), b.given, b.views, b.count, [](auto, auto) { return 1.0; }, false))
            sum += f;
        return sum;
    };
    for (int round = 0; round < 120; ++round) {
        const std::size_t at = random() % b.vertices.size();
        const float kept = b.vertices[at], h = 2e-5f;
        b.vertices[at] = kept + h;
        const double up = function(), high = double(b.vertices[at]);
        b.vertices[at] = kept - h;
        const double down = function(), low = double(b.vertices[at]);
        b.vertices[at] = kept;
        got.push_back(grad_vertices[at]);
        expected.push_back(float((up - down) / (high - low)));
    }
    EXPECT_LT(error(got, expected.data()), 5e-3);
}

TEST(SurfaceBatch, AnyNumberOfThreadsGivesTheSame) {
    Batch b(3, 2000, true);
    Values grad_vertices(b.vertices.size()), alone = grad_vertices;
    Own own(b.count), own_alone(b.count);
    b.backward(grad_vertices.data(), &own);
    parallel_for(2, 1, [&](std::size_t begin, std::size_t) {  // inside a loop nothing is parallel
        if (begin == 0) b.backward(alone.data(), &own_alone);
    });
    EXPECT_EQ(grad_vertices, alone);
    EXPECT_EQ(own, own_alone);
}

TEST(SurfaceBatch, TrianglesWithoutAreaGiveNumbers) {
    Batch b(3, 500, true);
    const std::size_t a_view = b.vertices.size() / 3;
    std::fill_n(b.vertices.begin(), a_view, 0.1f);  // all in one place
    for (std::size_t k = 0; k < a_view; ++k)
        if (k % 3 != 0) b.vertices[a_view + k] = 0;  // all on a line
    for (const int corner : {1, 2})                  // one triangle of the third view
        for (std::size_t k = 0; k < 3; ++k)
            b.vertices[2 * a_view + 3 * std::size_t(b.topology.triangles[std::size_t(corner)]) + k] =
                b.vertices[2 * a_view + 3 * std::size_t(b.topology.triangles[0]) + k];
    b.avatar.splats.edit().anchor[3] = {0, Eigen::Vector3f(0.2f, 0.3f, 0.5f)};
    b.topology.load_anchors(*b.avatar.splats);
    const Posed posed = b.pose();
    Values grad_vertices(b.vertices.size(), NAN);
    Own own(b.count);
    b.backward(grad_vertices.data(), &own);
    const auto finite = [](const Values& values) {
        return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
    };
    const Values* const all[] = {&posed.means,    &posed.scales,    &posed.rotations, &grad_vertices,     &own.offsets,
                                 &own.log_scales, &own.quaternions, &own.albedos,     &own.opacity_logits};
    for (const Values* values : all) EXPECT_TRUE(finite(*values));
    for (std::size_t i = 0; i < 3 * b.count; ++i) {
        const Eigen::Map<const Eigen::Vector4f> q(&posed.rotations[4 * i]);
        ASSERT_NEAR(q.norm(), 1, 1e-5);
    }
}

TEST(SurfaceBatch, AGaussianOffTheSurfaceIsAnError) {
    Batch b(1, 20, false);
    b.avatar.splats.edit().anchor[7].triangle = int(b.avatar.triangles().size());
    EXPECT_THROW(b.topology.load_anchors(*b.avatar.splats), std::invalid_argument);
}

}  // namespace
}  // namespace likeness::test
