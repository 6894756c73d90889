#include "core/image/icc.h"

#include <lcms2.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/base/parallel.h"

namespace likeness {
namespace {

using decode::ColourModel;

struct Close {
    void operator()(cmsHPROFILE profile) const { cmsCloseProfile(profile); }
};
using Profile = std::unique_ptr<void, Close>;
struct Delete {
    void operator()(cmsHTRANSFORM transform) const { cmsDeleteTransform(transform); }
};
using Transform = std::unique_ptr<void, Delete>;

constexpr std::size_t max_profile_bytes = 16u << 20;

Profile source_profile(const decode::Raw& raw) {
    if (!raw.icc.empty() && raw.icc.size() <= max_profile_bytes)
        return Profile(cmsOpenProfileFromMem(raw.icc.data(), static_cast<cmsUInt32Number>(raw.icc.size())));
    if (!raw.gamma) return nullptr;
    const std::unique_ptr<cmsToneCurve, decltype(&cmsFreeToneCurve)> curve(cmsBuildGamma(nullptr, *raw.gamma),
                                                                           cmsFreeToneCurve);
    if (!curve) return nullptr;
    const cmsCIExyY d65 = {0.3127, 0.3290, 1.0};
    const cmsCIExyYTRIPLE rec709 = {{0.64, 0.33, 1.0}, {0.30, 0.60, 1.0}, {0.15, 0.06, 1.0}};
    if (raw.model == ColourModel::grey) return Profile(cmsCreateGrayProfile(&d65, curve.get()));
    cmsToneCurve* curves[3] = {curve.get(), curve.get(), curve.get()};
    return Profile(cmsCreateRGBProfile(&d65, &rec709, curves));
}

// Hostile profiles can yield anything.
float clamped(float value) { return value > 0.0f ? std::min(value, 1.0f) : 0.0f; }

bool is_srgb(cmsHTRANSFORM transform) {
    constexpr int steps = 6;
    for (int i = 0; i < steps * steps * steps; ++i) {
        const float in[3] = {float(i % steps) / (steps - 1), float(i / steps % steps) / (steps - 1),
                             float(i / (steps * steps)) / (steps - 1)};
        float out[3] = {};
        cmsDoTransform(transform, in, out, 1);
        for (int c = 0; c < 3; ++c)
            if (!(std::abs(clamped(out[c]) - in[c]) <= 1.0f / 255.0f)) return false;
    }
    return true;
}

}  // namespace

std::optional<Image> convert_to_srgb(const decode::Raw& raw) {
    const Profile source = source_profile(raw);
    if (!source) return std::nullopt;
    const int colours = raw.model == ColourModel::grey ? 1 : raw.model == ColourModel::rgb ? 3 : 4;
    const cmsColorSpaceSignature space = raw.model == ColourModel::grey  ? cmsSigGrayData
                                         : raw.model == ColourModel::rgb ? cmsSigRgbData
                                                                         : cmsSigCmykData;
    if (cmsGetColorSpace(source.get()) != space) return std::nullopt;
    const Profile srgb(cmsCreate_sRGBProfile());
    if (!srgb) return std::nullopt;
    const cmsUInt32Number in_type = raw.model == ColourModel::grey  ? TYPE_GRAY_FLT
                                    : raw.model == ColourModel::rgb ? TYPE_RGB_FLT
                                                                    : TYPE_CMYK_FLT;  // ink in percent
    // Without its cache a transform may be used by many threads.
    const Transform transform(cmsCreateTransform(source.get(), in_type, srgb.get(), TYPE_RGB_FLT,
                                                 INTENT_RELATIVE_COLORIMETRIC,
                                                 cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION));
    if (!transform || (raw.model == ColourModel::rgb && is_srgb(transform.get()))) return std::nullopt;

    const Image& in = raw.pixels;
    Image out(in.width, in.height, raw.alpha ? 4 : 3);
    const float in_scale = raw.model == ColourModel::cmyk ? 100.0f : 1.0f;
    parallel_for(std::size_t(in.height), 16, [&](std::size_t begin, std::size_t end) {
        const auto width = static_cast<std::size_t>(in.width);
        std::vector<float> from(width * std::size_t(colours)), to(width * 3);
        for (std::size_t y = begin; y < end; ++y) {
            const float* p = in.at(0, static_cast<int>(y));
            for (std::size_t x = 0; x < width; ++x, p += in.channels)
                for (int c = 0; c < colours; ++c) from[x * std::size_t(colours) + std::size_t(c)] = p[c] * in_scale;
            cmsDoTransform(transform.get(), from.data(), to.data(), static_cast<cmsUInt32Number>(width));
            p = in.at(0, static_cast<int>(y));
            float* q = out.at(0, static_cast<int>(y));
            for (std::size_t x = 0; x < width; ++x, p += in.channels, q += out.channels) {
                for (std::size_t c = 0; c < 3; ++c) q[c] = clamped(to[x * 3 + c]);
                if (raw.alpha) q[3] = p[colours];
            }
        }
    });
    return out;
}

}  // namespace likeness
