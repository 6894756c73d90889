#include "core/maps/map_values.h"

#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"

namespace likeness {
namespace {

constexpr float log_thousand = 6.9077553f;

// A map's number of a value: logarithms of millimetres, millimetres.
struct Unit {
    float factor = 1, shift = 0;
};
constexpr std::array<Unit, 5> units = {{{}, {}, {1, log_thousand}, {}, {1000, 0}}};

struct Symmetry {
    Eigen::Quaternionf turn;
    std::array<int, 3> axis;  // the axis that becomes each
};

// The rotations of a cube.
std::vector<Symmetry> cube_rotations() {
    std::vector<Symmetry> all;
    std::array<int, 3> order = {0, 1, 2};
    do {
        for (int signs = 0; signs < 8; ++signs) {
            Eigen::Matrix3f turn = Eigen::Matrix3f::Zero();
            for (int k = 0; k < 3; ++k) turn(order[std::size_t(k)], k) = signs >> k & 1 ? -1.0f : 1.0f;
            if (turn.determinant() > 0) all.push_back({Eigen::Quaternionf(turn), order});
        }
    } while (std::next_permutation(order.begin(), order.end()));
    return all;
}

}  // namespace

MapValues map_values(const TextureMaps& maps) {
    MapValues values{maps.side, maps.squares, {}};
    values.texels.resize(maps.texel_count() * sampled_channels);
    parallel_for(maps.texel_count(), 1 << 14, [&](std::size_t begin, std::size_t end) {
        std::size_t first = 0;
        for (std::size_t k = 0; k < units.size(); ++k) {
            const std::size_t channels = map_attributes[k].channels;
            const Eigen::half* const from = maps.texels[k]->data();
            for (std::size_t t = begin; t < end; ++t)
                for (std::size_t c = 0; c < channels; ++c)
                    values.texels[t * sampled_channels + first + c] =
                        (float(from[t * channels + c]) - units[k].shift) / units[k].factor;
            first += channels;
        }
    });
    return values;
}

TextureMaps texture_maps(const MapValues& values, const std::vector<float>& normals) {
    TextureMaps maps;
    maps.side = values.side;
    maps.squares = values.squares;
    const std::size_t count = values.texel_count();
    std::size_t first = 0;
    for (std::size_t k = 0; k < map_attributes.size(); ++k) {
        const std::size_t channels = map_attributes[k].channels;
        auto texels = std::make_shared<MapTexels>(count * channels);
        parallel_for(count, 1 << 14, [&](std::size_t begin, std::size_t end) {
            for (std::size_t t = begin; t < end; ++t)
                for (std::size_t c = 0; c < channels; ++c)
                    (*texels)[t * channels + c] = Eigen::half(
                        k == normal_map
                            ? normals[t * channels + c]
                            : values.texels[t * sampled_channels + first + c] * units[k].factor + units[k].shift);
        });
        maps.texels[k] = std::move(texels);
        first += channels;
    }
    return maps;
}

MapTap map_tap(const Eigen::Vector2f& place, int side) {
    const bool hair = place.x() >= 1;
    const float x = (place.x() - (hair ? 1.0f : 0.0f)) * float(side) - 0.5f, y = place.y() * float(side) - 0.5f;
    const float left = std::floor(x), top = std::floor(y);
    const float right_share = x - left, below_share = y - top;
    const auto column = [&](int k) { return hair ? (k + side) % side : std::clamp(k, 0, side - 1); };
    const auto row = [&](int k) { return (hair ? side : 0) + std::clamp(k, 0, side - 1); };
    const auto texel = [&](int dx, int dy) {
        return std::uint32_t(row(int(top) + dy)) * std::uint32_t(side) + std::uint32_t(column(int(left) + dx));
    };
    return {{texel(0, 0), texel(1, 0), texel(0, 1), texel(1, 1)},
            {(1 - right_share) * (1 - below_share), right_share * (1 - below_share), (1 - right_share) * below_share,
             right_share * below_share}};
}

std::vector<MapTap> map_taps(const std::vector<Eigen::Vector2f>& places, int side) {
    std::vector<MapTap> taps(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) taps[i] = map_tap(places[i], side);
    return taps;
}

SampledValues sample(const MapValues& values, const MapTap& tap) {
    SampledValues sum{};
    for (std::size_t k = 0; k < 4; ++k) {
        const float* const from = values.texels.data() + std::size_t(tap.texel[k]) * sampled_channels;
        for (std::size_t c = 0; c < sampled_channels; ++c) sum[c] += tap.weight[k] * from[c];
    }
    return sum;
}

NamedAxes nearest_name(const NamedAxes& axes, const Eigen::Quaternionf& to) {
    static const std::vector<Symmetry> symmetries = cube_rotations();
    // |(q s) . to| = |s . (conj(q) to)|
    const Eigen::Vector4f wanted = (axes.rotation.conjugate() * to).coeffs();
    float nearest = -1;
    const Symmetry* best = nullptr;
    for (const Symmetry& s : symmetries) {
        const float near = std::abs(s.turn.coeffs().dot(wanted));
        if (near > nearest) {
            nearest = near;
            best = &s;
        }
    }
    NamedAxes named{axes.rotation * best->turn, {}};
    for (int k = 0; k < 3; ++k) named.log_scale[k] = axes.log_scale[best->axis[std::size_t(k)]];
    if (named.rotation.dot(to) < 0) named.rotation.coeffs() *= -1;
    return named;
}

Eigen::Quaternionf quaternion_of_turn(const Eigen::Vector3f& axis_angle) {
    const float angle = axis_angle.norm();
    if (angle < 1e-6f)
        return Eigen::Quaternionf(1, axis_angle.x() / 2, axis_angle.y() / 2, axis_angle.z() / 2).normalized();
    return Eigen::Quaternionf(Eigen::AngleAxisf(angle, axis_angle / angle));
}

Eigen::Vector3f turn_of_quaternion(Eigen::Quaternionf rotation) {
    if (rotation.w() < 0) rotation.coeffs() *= -1;
    const float sine = rotation.vec().norm();
    if (sine < 1e-7f) return 2 * rotation.vec();
    return 2 * std::atan2(sine, rotation.w()) / sine * rotation.vec();
}

}  // namespace likeness
