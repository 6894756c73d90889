#include "core/maps/map_edit.h"

#include <algorithm>
#include <atomic>

#include "core/base/parallel.h"

namespace likeness {
namespace {

Eigen::Quaternionf turn_in(const SampledValues& v) {
    return quaternion_of_turn(Eigen::Map<const Eigen::Vector3f>(v.data() + rotation_channel));
}

void put_axes(AnchoredSplats& splats, std::size_t i, const NamedAxes& axes) {
    Eigen::Map<Eigen::Vector4f>(splats.rotation.data() + 4 * i)
        << axes.rotation.w(), axes.rotation.x(), axes.rotation.y(), axes.rotation.z();
    Eigen::Map<Eigen::Vector3f>(splats.log_scale.data() + 3 * i) = axes.log_scale;
}

NamedAxes axes_of(const AnchoredSplats& splats, std::size_t i) {
    const float* const q = splats.rotation.data() + 4 * i;
    return {Eigen::Quaternionf(q[0], q[1], q[2], q[3]).normalized(),
            Eigen::Map<const Eigen::Vector3f>(splats.log_scale.data() + 3 * i)};
}

const GaussianAttribute& attribute_of(GaussianArray values) {
    return *std::find_if(gaussian_attributes.begin(), gaussian_attributes.end(),
                         [&](const GaussianAttribute& a) { return a.values == values; });
}

// Within what training allows, or no farther beyond it than `before`.
float within(GaussianArray values, float x, float before) {
    const GaussianAttribute& about = attribute_of(values);
    return std::clamp(x, std::min(about.low, before), std::max(about.high, before));
}

void add_difference(AnchoredSplats& splats, std::size_t i, const SampledValues& was, const SampledValues& is) {
    for (std::size_t c = 0; c < 3; ++c)
        if (is[c] != was[c])
            {
            float& albedo = splats.albedo[3 * i + c];
            albedo = within(&GaussianValues::albedo, albedo + is[c] - was[c], albedo);
        }
    if (is[opacity_channel] != was[opacity_channel])
        splats.opacity_logit[i] =
            within(&GaussianValues::opacity_logit,
                   splats.opacity_logit[i] + is[opacity_channel] - was[opacity_channel], splats.opacity_logit[i]);
    splats.offset[3 * i + 2] += is[offset_channel] - was[offset_channel];
    if (std::equal(was.begin() + scale_channel, was.begin() + offset_channel, is.begin() + scale_channel)) return;
    const Eigen::Quaternionf before = turn_in(was);
    NamedAxes axes = nearest_name(axes_of(splats, i), before);
    axes.rotation = turn_in(is) * before.conjugate() * axes.rotation;
    for (std::size_t c = 0; c < 3; ++c) {
        float& scale = axes.log_scale[Eigen::Index(c)];
        scale = within(&GaussianValues::log_scale, scale + is[scale_channel + c] - was[scale_channel + c], scale);
    }
    put_axes(splats, i, axes);
}

}  // namespace

void change_maps(Avatar& avatar, TextureMaps maps) {
    if (!avatar.maps->empty() && avatar.maps->texels != maps.texels) {
        const MapPlaces places = map_places(avatar);
        const MapValues was = map_values(*avatar.maps), is = map_values(maps);
        AnchoredSplats changed = *avatar.splats;
        std::atomic<bool> any = false;
        parallel_for(changed.count, 2048, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                if (places.loose[i]) continue;
                const MapTap tap = map_tap(places.splats.atlas[i], was.side);
                const SampledValues before = sample(was, tap), after = sample(is, tap);
                if (before == after) continue;
                any = true;
                add_difference(changed, i, before, after);
            }
        });
        if (any) avatar.splats = std::move(changed);
    }
    avatar.maps = std::move(maps);
}

AnchoredSplats splats_by_maps(const MapPlaces& places, const MapValues& values) {
    AnchoredSplats splats = places.splats;
    parallel_for(splats.count, 2048, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            if (places.loose[i]) continue;
            const SampledValues v = sample(values, map_tap(splats.atlas[i], values.side));
            for (std::size_t c = 0; c < 3; ++c) splats.albedo[3 * i + c] = std::clamp(v[c], 0.0f, 1.0f);
            splats.opacity_logit[i] = v[opacity_channel];
            splats.offset[3 * i + 2] = v[offset_channel];
            put_axes(splats, i, {turn_in(v), Eigen::Map<const Eigen::Vector3f>(v.data() + scale_channel)});
        }
    });
    return splats;
}

Avatar without_residual(const Avatar& avatar) {
    Avatar baked = avatar;
    baked.splats = splats_by_maps(map_places(avatar), map_values(*avatar.maps));
    return baked;
}

}  // namespace likeness
