#include "core/image/icc.h"

#include <lcms2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include "core/base/parallel.h"
#include "core/image/ops.h"

namespace likeness {
namespace {

using decode::ColorModel;

struct Close {
    void operator()(cmsHPROFILE profile) const { cmsCloseProfile(profile); }
};
using Profile = std::unique_ptr<void, Close>;
struct Delete {
    void operator()(cmsHTRANSFORM transform) const { cmsDeleteTransform(transform); }
};
using Transform = std::unique_ptr<void, Delete>;

constexpr std::size_t max_profile_bytes = 16u << 20;

using Curve = std::unique_ptr<cmsToneCurve, decltype(&cmsFreeToneCurve)>;

// Light of a picture for high dynamic range, 1 for the white of paper and screens (ITU-R BT.2408: 203 cd/m^2; in HLG a
// signal of 0.75); brighter light is cut there.
double light_of_pq(double signal) {  // SMPTE ST 2084
    constexpr double m1 = 2610.0 / 16384, m2 = 2523.0 / 32, c1 = 3424.0 / 4096, c2 = 2413.0 / 128, c3 = 2392.0 / 128;
    const double root = std::pow(signal, 1 / m2);
    return 10000.0 / 203.0 * std::pow(std::max(root - c1, 0.0) / (c2 - c3 * root), 1 / m1);
}
double light_of_hlg(double signal) {  // ARIB STD-B67
    constexpr double a = 0.17883277, b = 0.28466892, c = 0.55991073;
    const auto scene = [](double e) { return e <= 0.5 ? e * e / 3 : (std::exp((e - c) / a) + b) / 12; };
    return scene(signal) / scene(0.75);
}

// Decodes H.273's transfer characteristics (table 3), or a gamma.
Curve curve_of(const decode::ColorSpace& space) {
    const auto parametric = [](std::array<double, 5> values) {
        return cmsBuildParametricToneCurve(nullptr, 4, values.data());
    };
    const auto tabulated = [](double (*light)(double)) {
        std::vector<float> table(4096);
        for (std::size_t i = 0; i < table.size(); ++i)
            table[i] = float(std::min(light(double(i) / double(table.size() - 1)), 1.0));
        return cmsBuildTabulatedToneCurveFloat(nullptr, cmsUInt32Number(table.size()), table.data());
    };
    cmsToneCurve* curve = nullptr;
    switch (space.transfer) {
        case 0:
            curve = cmsBuildGamma(nullptr, space.gamma);
            break;
        case 4:
            curve = cmsBuildGamma(nullptr, 2.2);
            break;
        case 5:
            curve = cmsBuildGamma(nullptr, 2.8);
            break;
        case 8:
            curve = cmsBuildGamma(nullptr, 1.0);
            break;
        case 13:
            curve = parametric({2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045});
            break;
        case 16:
            curve = tabulated(light_of_pq);
            break;
        case 18:
            curve = tabulated(light_of_hlg);
            break;
        default:  // of television
            curve = parametric({1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081});
            break;
    }
    return {curve, cmsFreeToneCurve};
}

Profile source_profile(const decode::Raw& raw) {
    if (!raw.space) {
        if (raw.icc.empty() || raw.icc.size() > max_profile_bytes) return nullptr;
        return Profile(cmsOpenProfileFromMem(raw.icc.data(), static_cast<cmsUInt32Number>(raw.icc.size())));
    }
    const Curve curve = curve_of(*raw.space);
    if (!curve) return nullptr;
    const auto& p = raw.space->primaries;
    const cmsCIExyY white = {p[0], p[1], 1.0};
    const cmsCIExyYTRIPLE primaries = {{p[2], p[3], 1.0}, {p[4], p[5], 1.0}, {p[6], p[7], 1.0}};
    if (raw.model == ColorModel::grey) return Profile(cmsCreateGrayProfile(&white, curve.get()));
    cmsToneCurve* curves[3] = {curve.get(), curve.get(), curve.get()};
    return Profile(cmsCreateRGBProfile(&white, &primaries, curves));
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

// Profiles of three curves and a matrix (Display P3, Adobe RGB: nearly all there are) by tables, some ten times faster
// than lcms's floating-point pipeline.
class MatrixShaper {
  public:
    // Nothing for other profiles, and where lcms's result is not met.
    static std::optional<MatrixShaper> of(cmsHPROFILE profile, cmsHPROFILE srgb, cmsHTRANSFORM reference) {
        MatrixShaper shaper;
        Matrix to_xyz{}, from_xyz{};
        if (!cmsIsMatrixShaper(profile) || cmsIsTag(profile, cmsSigAToB0Tag) || cmsIsTag(profile, cmsSigAToB1Tag) ||
            !read_matrix(profile, to_xyz) || !read_matrix(srgb, from_xyz) || !invert(from_xyz))
            return std::nullopt;
        for (std::size_t i = 0; i < 3; ++i)
            for (std::size_t j = 0; j < 3; ++j)
                for (std::size_t k = 0; k < 3; ++k)
                    shaper.matrix_[i][j] += static_cast<float>(from_xyz[i][k] * to_xyz[k][j]);
        constexpr cmsTagSignature curves[] = {cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag};
        for (std::size_t c = 0; c < 3; ++c) {
            const auto* curve = static_cast<const cmsToneCurve*>(cmsReadTag(profile, curves[c]));
            if (!curve) return std::nullopt;
            shaper.curves_[c].resize(table_size + 2);
            for (int i = 0; i < table_size + 2; ++i)
                shaper.curves_[c][static_cast<std::size_t>(i)] =
                    cmsEvalToneCurveFloat(curve, std::min(1.0f, static_cast<float>(i) / table_size));
        }
        constexpr int steps = 9;
        for (int i = 0; i < steps * steps * steps; ++i) {
            const float in[3] = {float(i % steps) / (steps - 1), float(i / steps % steps) / (steps - 1),
                                 float(i / (steps * steps)) / (steps - 1)};
            float expected[3] = {}, got[3] = {};
            cmsDoTransform(reference, in, expected, 1);
            shaper.convert(in, got);
            for (int c = 0; c < 3; ++c)
                if (!(std::abs(clamped(expected[c]) - got[c]) <= 0.5f / 255.0f)) return std::nullopt;
        }
        return shaper;
    }

    void convert(const float* in, float* out) const {
        float linear[3];
        for (std::size_t c = 0; c < 3; ++c) {
            const float at = clamped(in[c]) * table_size;
            const auto i = static_cast<std::size_t>(at);
            linear[c] = curves_[c][i] + (curves_[c][i + 1] - curves_[c][i]) * (at - static_cast<float>(i));
        }
        for (std::size_t c = 0; c < 3; ++c)
            out[c] = linear_to_srgb(matrix_[c][0] * linear[0] + matrix_[c][1] * linear[1] + matrix_[c][2] * linear[2]);
    }

  private:
    using Matrix = std::array<std::array<double, 3>, 3>;
    static constexpr int table_size = 4096;

    // The columns are the primaries' XYZ for D50.
    static bool read_matrix(cmsHPROFILE profile, Matrix& matrix) {
        constexpr cmsTagSignature tags[] = {cmsSigRedColorantTag, cmsSigGreenColorantTag, cmsSigBlueColorantTag};
        for (std::size_t c = 0; c < 3; ++c) {
            const auto* xyz = static_cast<const cmsCIEXYZ*>(cmsReadTag(profile, tags[c]));
            if (!xyz) return false;
            matrix[0][c] = xyz->X;
            matrix[1][c] = xyz->Y;
            matrix[2][c] = xyz->Z;
        }
        return true;
    }
    static bool invert(Matrix& m) {
        const auto minor = [&](std::size_t r, std::size_t c) {
            const std::size_t r1 = (r + 1) % 3, r2 = (r + 2) % 3, c1 = (c + 1) % 3, c2 = (c + 2) % 3;
            return m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
        };
        const double determinant = m[0][0] * minor(0, 0) + m[0][1] * minor(0, 1) + m[0][2] * minor(0, 2);
        if (!(std::abs(determinant) > 1e-9)) return false;
        Matrix inverse{};
        for (std::size_t r = 0; r < 3; ++r)
            for (std::size_t c = 0; c < 3; ++c) inverse[c][r] = minor(r, c) / determinant;
        m = inverse;
        return true;
    }

    std::array<std::array<float, 3>, 3> matrix_{};
    std::array<std::vector<float>, 3> curves_;
};

}  // namespace

bool is_transfer(int code) {
    constexpr std::array known = {1, 4, 5, 6, 8, 13, 14, 15, 16, 18};
    return std::find(known.begin(), known.end(), code) != known.end();
}

std::optional<Image> convert_to_srgb(const decode::Raw& raw) {
    const Profile source = source_profile(raw);
    if (!source) return std::nullopt;
    const int colors = raw.model == ColorModel::grey ? 1 : raw.model == ColorModel::rgb ? 3 : 4;
    const cmsColorSpaceSignature space = raw.model == ColorModel::grey  ? cmsSigGrayData
                                         : raw.model == ColorModel::rgb ? cmsSigRgbData
                                                                        : cmsSigCmykData;
    if (cmsGetColorSpace(source.get()) != space) return std::nullopt;
    const Profile srgb(cmsCreate_sRGBProfile());
    if (!srgb) return std::nullopt;
    const cmsUInt32Number in_type = raw.model == ColorModel::grey  ? TYPE_GRAY_FLT
                                    : raw.model == ColorModel::rgb ? TYPE_RGB_FLT
                                                                   : TYPE_CMYK_FLT;  // ink in percent
    // Without its cache a transform may be used by many threads.
    const Transform transform(cmsCreateTransform(source.get(), in_type, srgb.get(), TYPE_RGB_FLT,
                                                 INTENT_RELATIVE_COLORIMETRIC,
                                                 cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION));
    if (!transform || (raw.model == ColorModel::rgb && is_srgb(transform.get()))) return std::nullopt;

    const Image& in = raw.pixels;
    Image out(in.width, in.height, raw.alpha ? 4 : 3);
    const std::optional<MatrixShaper> shaper =
        raw.model == ColorModel::rgb ? MatrixShaper::of(source.get(), srgb.get(), transform.get()) : std::nullopt;
    if (shaper) {
        parallel_for(std::size_t(in.height), 16, [&](std::size_t begin, std::size_t end) {
            for (std::size_t y = begin; y < end; ++y) {
                const float* p = in.at(0, static_cast<int>(y));
                float* q = out.at(0, static_cast<int>(y));
                for (int x = 0; x < in.width; ++x, p += in.channels, q += out.channels) {
                    shaper->convert(p, q);
                    if (raw.alpha) q[3] = p[3];
                }
            }
        });
        return out;
    }
    const float in_scale = raw.model == ColorModel::cmyk ? 100.0f : 1.0f;
    parallel_for(std::size_t(in.height), 16, [&](std::size_t begin, std::size_t end) {
        const auto width = static_cast<std::size_t>(in.width);
        std::vector<float> from(width * std::size_t(colors)), to(width * 3);
        for (std::size_t y = begin; y < end; ++y) {
            const float* p = in.at(0, static_cast<int>(y));
            for (std::size_t x = 0; x < width; ++x, p += in.channels)
                for (int c = 0; c < colors; ++c) from[x * std::size_t(colors) + std::size_t(c)] = p[c] * in_scale;
            cmsDoTransform(transform.get(), from.data(), to.data(), static_cast<cmsUInt32Number>(width));
            p = in.at(0, static_cast<int>(y));
            float* q = out.at(0, static_cast<int>(y));
            for (std::size_t x = 0; x < width; ++x, p += in.channels, q += out.channels) {
                for (std::size_t c = 0; c < 3; ++c) q[c] = clamped(to[x * 3 + c]);
                if (raw.alpha) q[3] = p[colors];
            }
        }
    });
    return out;
}

}  // namespace likeness
