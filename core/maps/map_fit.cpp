#include "core/maps/map_fit.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/parallel.h"

namespace likeness {
namespace {

constexpr int sweeps_on_the_way = 3, sweeps_at_last = 20;
constexpr float prior = 0.02f;  // of the coarser map, in median weights

// A chart's part of a square, as a grid that begins at a texel and is coarsened by halves.
class ChartFit {
  public:
    ChartFit(const MapPlaces& places, const std::vector<float>& weight, std::vector<std::uint32_t> own, bool wraps,
             Eigen::Vector2i first, Eigen::Vector2i size, int side, float prior_weight)
        : splats_(places.splats),
          weight_(weight),
          own_(std::move(own)),
          wraps_(wraps),
          first_(first),
          side_(side),
          prior_(prior_weight),
          width_(size.x()),
          height_(size.y()),
          values_(own_.size()) {}

    // [height, width, 11] texels.
    std::vector<float> fit(int coarsest) {
        name_by([](std::size_t) { return Eigen::Quaternionf::Identity(); });
        begin(coarsest);
        for (int level = coarsest; level >= 0; --level) {
            if (level < coarsest) refine(level);
            const int sweeps = level == 0 ? sweeps_at_last : sweeps_on_the_way;
            sweep(level, sweeps);
        }
        return std::move(grid_);
    }

  private:
    struct Tap {
        std::array<std::size_t, 4> at;
        std::array<float, 4> share;
    };
    int columns(int level) const { return std::max(1, width_ >> level); }
    int rows(int level) const { return std::max(1, height_ >> level); }

    Tap tap(float x, float y, int level) const {
        const int w = columns(level), h = rows(level);
        const float left = std::floor(x - 0.5f), top = std::floor(y - 0.5f);
        const float right = x - 0.5f - left, below = y - 0.5f - top;
        const auto column = [&](int k) { return std::size_t(wraps_ ? (k + w) % w : std::clamp(k, 0, w - 1)); };
        const auto row = [&](int k) { return std::size_t(std::clamp(k, 0, h - 1)) * std::size_t(w); };
        const std::size_t x0 = column(int(left)), x1 = column(int(left) + 1), y0 = row(int(top)), y1 = row(int(top) + 1);
        return {{y0 + x0, y0 + x1, y1 + x0, y1 + x1},
                {(1 - right) * (1 - below), right * (1 - below), (1 - right) * below, right * below}};
    }
    Tap tap_of(std::uint32_t i, int level) const {
        const Eigen::Vector2f& at = splats_.atlas[i];
        const float scale = 1 / float(1 << level), u = at.x() - (at.x() >= 1 ? 1.0f : 0.0f);
        return tap((u * float(side_) - float(first_.x())) * scale, (at.y() * float(side_) - float(first_.y())) * scale,
                   level);
    }
    SampledValues read(const Tap& t) const {
        SampledValues sum{};
        for (std::size_t k = 0; k < 4; ++k)
            for (std::size_t c = 0; c < sampled_channels; ++c)
                sum[c] += t.share[k] * grid_[t.at[k] * sampled_channels + c];
        return sum;
    }

    template <class Near>
    void name_by(const Near& near) {
        parallel_for(own_.size(), 2048, [&](std::size_t begin, std::size_t end) {
            for (std::size_t n = begin; n < end; ++n) {
                const std::size_t i = own_[n];
                const float* const q = splats_.rotation.data() + 4 * i;
                const NamedAxes named =
                    nearest_name({Eigen::Quaternionf(q[0], q[1], q[2], q[3]).normalized(),
                                  Eigen::Map<const Eigen::Vector3f>(splats_.log_scale.data() + 3 * i)},
                                 near(n));
                const Eigen::Vector3f turn = turn_of_quaternion(named.rotation);
                SampledValues& to = values_[n];
                for (std::size_t c = 0; c < 3; ++c) {
                    to[c] = splats_.albedo[3 * i + c];
                    to[scale_channel + c] = named.log_scale[Eigen::Index(c)];
                    to[rotation_channel + c] = turn[Eigen::Index(c)];
                }
                to[opacity_channel] = splats_.opacity_logit[i];
                to[offset_channel] = splats_.offset[3 * i + 2];
            }
        });
    }

    // The weighted mean everywhere.
    void begin(int level) {
        std::array<double, sampled_channels> sum{};
        double all = 1e-30;
        for (std::size_t n = 0; n < own_.size(); ++n) {
            const double w = double(weight_[own_[n]]) + 1e-3 * double(prior_);
            all += w;
            for (std::size_t c = 0; c < sampled_channels; ++c) sum[c] += w * double(values_[n][c]);
        }
        grid_.resize(std::size_t(columns(level)) * std::size_t(rows(level)) * sampled_channels);
        for (std::size_t k = 0; k < grid_.size(); ++k) grid_[k] = float(sum[k % sampled_channels] / all);
    }

    // Twice as fine, bilinearly; then ellipsoids are named anew.
    void refine(int level) {
        const int w = columns(level), h = rows(level);
        std::vector<float> finer(std::size_t(w) * std::size_t(h) * sampled_channels);
        const float across = float(columns(level + 1)) / float(w), down = float(rows(level + 1)) / float(h);
        parallel_for(std::size_t(h), 16, [&](std::size_t begin, std::size_t end) {
            for (std::size_t y = begin; y < end; ++y)
                for (int x = 0; x < w; ++x) {
                    const SampledValues from =
                        read(tap((float(x) + 0.5f) * across, (float(y) + 0.5f) * down, level + 1));
                    std::copy(from.begin(), from.end(),
                              finer.begin() + std::ptrdiff_t((y * std::size_t(w) + std::size_t(x)) * sampled_channels));
                }
        });
        grid_.swap(finer);
        name_by([&](std::size_t n) {
            const SampledValues there = read(tap_of(own_[n], level));
            return quaternion_of_turn(Eigen::Map<const Eigen::Vector3f>(there.data() + rotation_channel));
        });
    }

    void sweep(int level, int sweeps) {
        std::vector<Tap> taps(own_.size());
        std::vector<float> sum(grid_.size()), weights(grid_.size() / sampled_channels, prior_);
        for (std::size_t n = 0; n < own_.size(); ++n) {
            taps[n] = tap_of(own_[n], level);
            for (std::size_t k = 0; k < 4; ++k) weights[taps[n].at[k]] += weight_[own_[n]] * taps[n].share[k];
        }
        std::vector<std::size_t> touched;
        for (std::size_t t = 0; t < weights.size(); ++t)
            if (weights[t] > prior_) touched.push_back(t);
        for (int s = 0; s < sweeps; ++s) {
            for (const std::size_t t : touched)
                std::fill_n(sum.begin() + std::ptrdiff_t(t * sampled_channels), sampled_channels, 0.0f);
            for (std::size_t n = 0; n < own_.size(); ++n) {
                SampledValues lack = read(taps[n]);
                for (std::size_t c = 0; c < sampled_channels; ++c) lack[c] = values_[n][c] - lack[c];
                for (std::size_t k = 0; k < 4; ++k) {
                    const float w = weight_[own_[n]] * taps[n].share[k];
                    float* const to = sum.data() + taps[n].at[k] * sampled_channels;
                    for (std::size_t c = 0; c < sampled_channels; ++c) to[c] += w * lack[c];
                }
            }
            for (const std::size_t t : touched)
                for (std::size_t c = 0; c < sampled_channels; ++c)
                    grid_[t * sampled_channels + c] += sum[t * sampled_channels + c] / weights[t];
        }
    }

    const AnchoredSplats& splats_;
    const std::vector<float>& weight_;
    const std::vector<std::uint32_t> own_;
    const bool wraps_;
    const Eigen::Vector2i first_;
    const int side_;
    const float prior_;
    const int width_, height_;
    std::vector<SampledValues> values_;  // of own_
    std::vector<float> grid_;
};

float median_weight(const std::vector<float>& weight) {
    std::vector<float> sorted = weight;
    const auto middle = sorted.begin() + std::ptrdiff_t(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return std::max(*middle, 1e-6f);
}

}  // namespace

MapValues fit_maps(const MapPlaces& places, const std::vector<float>& weight, const AtlasCharts& charts,
                   const std::vector<std::uint16_t>& texel_chart, int side, int squares) {
    MapValues values{side, squares, {}};
    values.texels.assign(values.texel_count() * sampled_channels, 0.0f);
    if (places.splats.count == 0) return values;
    const float prior_weight = prior * median_weight(weight);
    std::vector<std::vector<std::uint32_t>> own(std::size_t(charts.count)), texels(std::size_t(charts.count));
    for (std::size_t i = 0; i < places.splats.count; ++i)
        if (!places.loose[i])
            own[std::size_t(charts.of_triangle[std::size_t(places.splats.anchor[i].triangle)])].push_back(
                std::uint32_t(i));
    for (std::size_t t = 0; t < texel_chart.size(); ++t)
        if (texel_chart[t] != no_chart) texels[texel_chart[t]].push_back(std::uint32_t(t));
    for (std::size_t chart = 0; chart < own.size(); ++chart) {
        if (own[chart].empty() || texels[chart].empty()) continue;
        const bool hair = texels[chart].front() >= std::uint32_t(side * side);
        Eigen::Vector2i low(side, side), high(0, 0);
        const auto place = [&](std::uint32_t t) {
            return Eigen::Vector2i(int(t) % side, int(t) / side - (hair ? side : 0));
        };
        for (const std::uint32_t t : texels[chart]) {
            low = low.cwiseMin(place(t));
            high = high.cwiseMax(place(t));
        }
        // Whole cells of the coarsest grid, some four across; the hair's square is its own grid.
        const int across = std::max(high.x() - low.x(), high.y() - low.y()) + 1;
        const int coarsest = hair ? int(std::bit_width(unsigned(side))) - 4
                                  : std::max(0, int(std::bit_width(unsigned(across))) - 3);
        const int cell = 1 << coarsest;
        Eigen::Vector2i size = high - low + Eigen::Vector2i::Ones();
        for (int k = 0; k < 2; ++k) size[k] = (size[k] + cell - 1) / cell * cell;
        const std::vector<float> grid =
            ChartFit(places, weight, std::move(own[chart]), hair, low, size, side, prior_weight).fit(coarsest);
        for (const std::uint32_t t : texels[chart]) {
            const Eigen::Vector2i at = place(t) - low;
            std::copy_n(grid.begin() + std::ptrdiff_t((std::size_t(at.y()) * std::size_t(size.x()) + std::size_t(at.x())) *
                                                      sampled_channels),
                        sampled_channels, values.texels.begin() + std::ptrdiff_t(std::size_t(t) * sampled_channels));
        }
    }
    return values;
}

}  // namespace likeness
