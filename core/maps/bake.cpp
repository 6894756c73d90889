#include "core/maps/bake.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/avatar/deform.h"
#include "core/base/parallel.h"
#include "core/geometry/mesh_raster.h"

namespace likeness {
namespace {

constexpr float degree = std::numbers::pi_v<float> / 180;
constexpr int look_size = 512, round_size = 256;
constexpr float round_share = 0.1f;  // of views from other sides, beside the photograph's
constexpr std::array<float, 3> grey = {0.5f, 0.5f, 0.5f};

// Adam's rates a step; training's own twice over, as steps are few.
constexpr std::array<float, sampled_channels> rates = {6e-3f,  6e-3f, 6e-3f, 4e-2f, 1.2e-2f, 1.2e-2f,
                                                       1.2e-2f, 8e-3f, 8e-3f, 8e-3f, 1.6e-4f};
constexpr float beta1 = 0.9f, beta2 = 0.99f, last_rate = 0.1f;
constexpr float still = 1e-5f;  // of slopes by what a rate moves: what is right already hardly moves

// The offset map without the bumps of single Gaussians, which lie at several depths: means over squares, twice, of each
// chart by itself.
std::vector<float> smooth_heights(const MapValues& values, const std::vector<std::uint16_t>& texel_chart) {
    const int side = values.side, reach = side / 128;
    std::vector<float> heights(values.texel_count()), next(heights.size());
    for (std::size_t t = 0; t < heights.size(); ++t) heights[t] = values.texels[t * sampled_channels + offset_channel];
    for (const bool down : {false, true, false, true}) {
        parallel_for(heights.size(), std::size_t(side) * 8, [&](std::size_t begin, std::size_t end) {
            for (std::size_t t = begin; t < end; ++t) {
                if (texel_chart[t] == no_chart) continue;
                const int along = down ? int(t / std::size_t(side)) % side : int(t % std::size_t(side));
                const std::ptrdiff_t step = down ? side : 1;
                float sum = 0;
                int count = 0;
                for (int k = std::max(-reach, -along); k <= std::min(reach, side - 1 - along); ++k) {
                    const auto to = std::size_t(std::ptrdiff_t(t) + k * step);
                    if (texel_chart[to] != texel_chart[t]) continue;
                    sum += heights[to];
                    ++count;
                }
                next[t] = sum / float(count);
            }
        });
        heights.swap(next);
    }
    return heights;
}

// The gradient with respect to a Gaussian's sampled values, from that with respect to its own.
SampledValues by_sample(const AnchoredGradients& by, std::size_t i, const SampledValues& at) {
    SampledValues out{};
    for (std::size_t c = 0; c < 3; ++c) {
        out[c] = by.albedo[3 * i + c];
        out[scale_channel + c] = by.log_scale[3 * i + c];
    }
    out[opacity_channel] = by.opacity_logit[i];
    out[offset_channel] = by.offset[3 * i + 2];
    // q = (cos(a/2), sin(a/2)/a r) of the turn r, a = |r|.
    const Eigen::Vector3f r = Eigen::Map<const Eigen::Vector3f>(at.data() + rotation_channel);
    const float a = r.norm();
    const float sinc = a > 1e-4f ? std::sin(a / 2) / a : 0.5f - a * a / 48;
    // d sinc / da / a
    const float slope = a > 1e-2f ? (std::cos(a / 2) / 2 - sinc) / (a * a) : -1.0f / 24;
    const float by_w = by.rotation[4 * i];
    const Eigen::Vector3f by_v = Eigen::Map<const Eigen::Vector3f>(by.rotation.data() + 4 * i + 1);
    const Eigen::Vector3f by_r = (-sinc / 2 * by_w + slope * r.dot(by_v)) * r + sinc * by_v;
    for (std::size_t c = 0; c < 3; ++c) out[rotation_channel + c] = by_r[Eigen::Index(c)];
    return out;
}

// Moves the texels that Gaussians read.
class Refinement {
  public:
    Refinement(const Avatar& avatar, Rasterizer& rasterizer, FittedMaps& maps)
        : rasterizer_(rasterizer), maps_(maps), splats_(maps.places.splats) {
        const std::vector<MapTap> taps = map_taps(splats_.atlas, maps.values.side);
        std::vector<std::uint32_t> number(maps.values.texel_count(), none);
        for (std::size_t i = 0; i < splats_.count; ++i) {
            if (maps.places.loose[i]) continue;
            Reader reader{std::uint32_t(i), taps[i], {}};
            for (std::size_t k = 0; k < 4; ++k) {
                std::uint32_t& n = number[taps[i].texel[k]];
                if (n == none) {
                    n = std::uint32_t(texels_.size());
                    texels_.push_back(taps[i].texel[k]);
                }
                reader.number[k] = n;
            }
            readers_.push_back(reader);
        }
        moments_.assign(texels_.size() * sampled_channels, {});
        const auto look = [&](const BakeView& view) {
            views_.push_back(view);
            frames_.push_back({});
            deform(*avatar.splats, splat_frames(avatar, view.pose), posed_);
            rasterizer_.forward(posed_, view.camera, {.background = grey}, frames_.back());
        };
        for (const BakeView& view : source_views(avatar, look_size)) look(view);
        for (const BakeView& view : views_all_round(avatar)) look(view);
        on_source_ = splat_frames(avatar, splats_, views_.front().pose);
        on_neutral_ = splat_frames(avatar, splats_, views_.back().pose);
        gradients_.resize(splats_.count);
        take_samples();
    }

    void step(int number, float rate) {
        const std::size_t view = view_of(number);
        const SplatFrames& on_surface = view < 3 ? on_source_ : on_neutral_;
        deform(splats_, on_surface, posed_);
        Frame render;
        rasterizer_.forward(posed_, views_[view].camera, {.background = grey}, render);
        FrameGradients by;
        by.color = std::move(render.color);
        for (std::size_t p = 0; p < by.color.pixels.size(); ++p)
            by.color.pixels[p] -= frames_[view].color.pixels[p];
        rasterizer_.backward(by, posed_gradients_);
        gradients_.set_zero();
        deform_backward(splats_, on_surface, posed_, posed_gradients_, gradients_);
        move(number, rate);
        take_samples();
    }

  private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    struct Reader {
        std::uint32_t gaussian;
        MapTap tap;
        std::array<std::uint32_t, 4> number;  // in texels_
    };
    struct Moments {
        float mean = 0, square = 0;
    };

    // The photograph's view takes two steps of five, those beside it one each, the others take turns.
    std::size_t view_of(int number) const {
        constexpr std::array<std::size_t, 4> near = {0, 1, 0, 2};
        const auto turn = std::size_t(number) / 5, at = std::size_t(number) % 5;
        return at < near.size() ? near[at] : 3 + turn % (views_.size() - 3);
    }

    void move(int number, float rate) {
        std::vector<float> by(texels_.size() * sampled_channels, 0.0f);
        for (const Reader& reader : readers_) {
            const SampledValues of = by_sample(gradients_, reader.gaussian, sample(maps_.values, reader.tap));
            for (std::size_t k = 0; k < 4; ++k)
                for (std::size_t c = 0; c < sampled_channels; ++c)
                    by[reader.number[k] * sampled_channels + c] += reader.tap.weight[k] * of[c];
        }
        const float first = 1 - std::pow(beta1, float(number + 1)), second = 1 - std::pow(beta2, float(number + 1));
        parallel_for(texels_.size(), 4096, [&](std::size_t begin, std::size_t end) {
            for (std::size_t t = begin; t < end; ++t)
                for (std::size_t c = 0; c < sampled_channels; ++c) {
                    Moments& m = moments_[t * sampled_channels + c];
                    const float g = by[t * sampled_channels + c];
                    m.mean += (1 - beta1) * (g - m.mean);
                    m.square += (1 - beta2) * (g * g - m.square);
                    float& texel = maps_.values.texels[texels_[t] * sampled_channels + c];
                    texel -= rate * rates[c] * (m.mean / first) / (std::sqrt(m.square / second) + still / rates[c]);
                    if (c < opacity_channel) texel = std::clamp(texel, 0.0f, 1.0f);
                }
        });
    }

    void take_samples() {
        parallel_for(readers_.size(), 4096, [&](std::size_t begin, std::size_t end) {
            for (std::size_t n = begin; n < end; ++n) {
                const std::size_t i = readers_[n].gaussian;
                const SampledValues v = sample(maps_.values, readers_[n].tap);
                std::copy_n(v.begin(), 3, splats_.albedo.begin() + std::ptrdiff_t(3 * i));
                std::copy_n(v.begin() + scale_channel, 3, splats_.log_scale.begin() + std::ptrdiff_t(3 * i));
                splats_.opacity_logit[i] = v[opacity_channel];
                splats_.offset[3 * i + 2] = v[offset_channel];
                const Eigen::Quaternionf q =
                    quaternion_of_turn(Eigen::Map<const Eigen::Vector3f>(v.data() + rotation_channel));
                Eigen::Map<Eigen::Vector4f>(splats_.rotation.data() + 4 * i) << q.w(), q.x(), q.y(), q.z();
            }
        });
    }

    Rasterizer& rasterizer_;
    FittedMaps& maps_;
    AnchoredSplats splats_;
    std::vector<Reader> readers_;
    std::vector<std::uint32_t> texels_;  // those that are read
    std::vector<Moments> moments_;
    std::vector<BakeView> views_;
    std::vector<Frame> frames_;  // what the avatar shows
    SplatFrames on_source_, on_neutral_;  // at the source's pose and at rest
    SplatSet posed_;
    SplatGradients posed_gradients_;
    AnchoredGradients gradients_;
};

}  // namespace

Status check_map_side(int side) {
    if (std::find(map_sides.begin(), map_sides.end(), side) != map_sides.end()) return {};
    return Error{ErrorCode::invalid_argument, "Maps have 256, 512, 1024 or 2048 texels a side.", std::to_string(side)};
}

std::array<BakeView, 3> source_views(const Avatar& avatar, int size) {
    const Camera source = avatar.source->camera.resized(size, size);
    const Eigen::Vector3f middle = head_middle(avatar);
    const HeadPose& pose = avatar.source->pose;
    return {{{pose, source},
             {pose, orbit(source, middle, 30 * degree, 0)},
             {pose, orbit(source, middle, -30 * degree, 0)}}};
}

std::vector<BakeView> views_all_round(const Avatar& avatar) {
    const HeadPose neutral = HeadPose::neutral(*avatar.model);
    const Camera front = default_camera(avatar, round_size, round_size);
    const Eigen::Vector3f middle = head_middle(avatar);
    std::vector<BakeView> views;
    for (const auto& [yaw, pitch] :
         {std::pair{60, 0}, {-60, 0}, {120, 0}, {-120, 0}, {180, 0}, {45, 0}, {-45, 0}, {0, 50}, {0, -35}})
        views.push_back({neutral, orbit(front, middle, float(yaw) * degree, float(pitch) * degree)});
    return views;
}

std::vector<float> seen_weights(const Avatar& avatar, Rasterizer& rasterizer, Progress& progress) {
    std::vector<float> weights(avatar.splats->count, 0.0f);
    SplatSet posed;
    Frame frame;
    SplatGradients by;
    const auto look = [&](const BakeView& view, float share) {
        progress.report(0, "Looking at the avatar");
        deform(*avatar.splats, splat_frames(avatar, view.pose), posed);
        rasterizer.forward(posed, view.camera, {}, frame);
        FrameGradients ones;
        ones.color = Image(view.camera.width, view.camera.height, 3, 1.0f);
        rasterizer.backward(ones, by);
        for (std::size_t i = 0; i < weights.size(); ++i) weights[i] += share * by.colors[3 * i];
    };
    for (const BakeView& view : source_views(avatar, look_size)) look(view, 1);
    constexpr float pixels = float(look_size * look_size) / float(round_size * round_size);
    for (const BakeView& view : views_all_round(avatar)) look(view, round_share * pixels);
    return weights;
}

std::vector<float> relief_normals(const Avatar& avatar, const MapValues& values,
                                  const std::vector<std::uint16_t>& texel_chart) {
    const std::vector<float> heights = smooth_heights(values, texel_chart);
    // Metres a texel along u and v, of each triangle.
    const int side = values.side;
    std::vector<Eigen::Vector2f> texel_size;
    for (std::size_t t = 0; t < avatar.triangles().size(); ++t) {
        const Eigen::Vector3i &at = avatar.triangles()[t], &on = avatar.triangle_uv()[t];
        Eigen::Matrix<float, 3, 2> edges;
        Eigen::Matrix2f on_atlas;
        for (int k = 0; k < 2; ++k) {
            edges.col(k) = avatar.neutral().col(at[k + 1]) - avatar.neutral().col(at[0]);
            on_atlas.col(k) = avatar.uv()[std::size_t(on[k + 1])] - avatar.uv()[std::size_t(on[0])];
        }
        const Eigen::Matrix<float, 3, 2> along = edges * on_atlas.inverse();
        texel_size.push_back(along.allFinite() ? Eigen::Vector2f(along.colwise().norm() / float(side))
                                               : Eigen::Vector2f(1, 1));
    }
    const auto head_triangles = std::ptrdiff_t(avatar.model->triangles.size());
    const Triangles of_head(avatar.triangle_uv().begin(), avatar.triangle_uv().begin() + head_triangles);
    const MeshBuffer covered = rasterize_uv(avatar.uv(), of_head, side);
    std::vector<Eigen::Vector2f> shifted;  // the hair's chart in the unit square
    for (const Eigen::Vector2f& uv : avatar.uv()) shifted.push_back(uv - Eigen::Vector2f(1, 0));
    const Triangles of_hair(avatar.triangle_uv().begin() + head_triangles, avatar.triangle_uv().end());
    const MeshBuffer hair = values.squares > 1 ? rasterize_uv(shifted, of_hair, side) : MeshBuffer{};
    std::vector<float> normals(values.texel_count() * 3, 0.0f);
    parallel_for(std::size_t(values.squares * side), 16, [&](std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row)
            for (int x = 0; x < side; ++x) {
                const bool on_hair = row >= std::size_t(side);
                const int y = int(row) - (on_hair ? side : 0);
                const std::size_t square = on_hair ? std::size_t(side) * std::size_t(side) : 0;
                const std::size_t here = square + std::size_t(y) * std::size_t(side) + std::size_t(x);
                float* const n = normals.data() + 3 * here;
                n[2] = 1;
                const MeshBuffer& buffer = on_hair ? hair : covered;
                const int triangle = buffer.triangle[here - square];
                if (triangle < 0) continue;
                const auto t = std::size_t(triangle) + (on_hair ? std::size_t(head_triangles) : 0);
                const auto height = [&](int dx, int dy) {
                    const int nx = on_hair ? (x + dx + side) % side : std::clamp(x + dx, 0, side - 1);
                    const int ny = std::clamp(y + dy, 0, side - 1);
                    const std::size_t to = square + std::size_t(ny) * std::size_t(side) + std::size_t(nx);
                    return heights[texel_chart[to] == texel_chart[here] ? to : here];
                };
                // Sobel's slopes; v falls upwards.
                const auto slope = [&](int ux, int uy, int wx, int wy) {
                    return (height(ux + wx, uy + wy) + 2 * height(ux, uy) + height(ux - wx, uy - wy) -
                            height(-ux + wx, -uy + wy) - 2 * height(-ux, -uy) - height(-ux - wx, -uy - wy)) /
                           8;
                };
                const Eigen::Vector3f normal =
                    Eigen::Vector3f(-slope(1, 0, 0, 1) / texel_size[t].x(), slope(0, 1, 1, 0) / texel_size[t].y(), 1)
                        .normalized();
                std::copy_n(normal.data(), 3, n);
            }
    });
    return normals;
}

FittedMaps fit_avatar_maps(const Avatar& avatar, Rasterizer& rasterizer, int side, Progress& progress) {
    const std::vector<float> weights = seen_weights(avatar, rasterizer, progress);
    progress.report(0.1, "Fitting the maps");
    const AtlasCharts charts = atlas_charts(avatar);
    FittedMaps fitted{map_places(avatar), texel_charts(avatar, charts, side), {}};
    fitted.values = fit_maps(fitted.places, weights, charts, fitted.texel_chart, side, map_squares(avatar));
    return fitted;
}

void refine_maps(const Avatar& avatar, Rasterizer& rasterizer, FittedMaps& maps, int steps, Progress& progress) {
    Refinement refinement(avatar, rasterizer, maps);
    for (int step = 0; step < steps; ++step) {
        const float done = float(step) / float(steps);
        progress.report(0.2 + 0.1 * double(done), "Refining the maps");
        refinement.step(step, std::pow(last_rate, done));
    }
}

Result<TextureMaps> bake_direct(const Avatar& avatar, Rasterizer& rasterizer, const BakeOptions& options,
                                Progress& progress) {
    if (Status known = check_map_side(options.side); !known) return known.error();
    if (avatar.splats->count == 0)
        return Error{ErrorCode::invalid_argument, "This avatar has no Gaussians to bake maps of.", ""};
    FittedMaps fitted = fit_avatar_maps(avatar, rasterizer, options.side, progress);
    refine_maps(avatar, rasterizer, fitted, options.steps, progress);
    progress.report(0.95, "Finishing the maps");
    return texture_maps(fitted.values, relief_normals(avatar, fitted.values, fitted.texel_chart));
}

}  // namespace likeness
