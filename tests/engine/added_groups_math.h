// The modules of added_groups.h, written once for all devices. `Device` has
//   Memory: made of a std::vector<float>, with data() of the device
//   run(arrays, count, work): calls work(i) for each i < count, in any order, and one run after the other
#pragma once

#include <cmath>

#include "tests/engine/added_groups.h"

#ifdef __CUDACC__
#define LIKENESS_TEST_EACH __host__ __device__
#else
#define LIKENESS_TEST_EACH
#endif

namespace likeness::test::added {

inline std::size_t row_of(const char* attribute) {
    std::size_t row = 0;
    while (std::string(gaussian_attributes[row].name) != attribute) ++row;
    return row;
}

// ---- vertices: an expression target, a residual basis ----

struct MoveVertices {
    int frames, floats, targets;  // floats: 3 * vertices
    const float *basis, *amounts;
    float* rested;
    LIKENESS_TEST_EACH void operator()(int i) const {
        for (int f = 0; f < frames; ++f)
            for (int k = 0; k < targets; ++k) rested[f * floats + i] += amounts[f * targets + k] * basis[k * floats + i];
    }
};
struct MoveVerticesByBasis {
    int frames, floats, targets;
    const float *amounts, *grad_rested;
    float* grad_basis;
    LIKENESS_TEST_EACH void operator()(int i) const {
        for (int f = 0; f < frames; ++f)
            for (int k = 0; k < targets; ++k)
                grad_basis[k * floats + i] += amounts[f * targets + k] * grad_rested[f * floats + i];
    }
};
struct MoveVerticesByAmount {
    int floats, targets;
    const float *basis, *grad_rested;
    float* grad_amounts;
    LIKENESS_TEST_EACH void operator()(int i) const {
        const int f = i / targets, k = i % targets;
        float sum = 0;
        for (int v = 0; v < floats; ++v) sum += basis[k * floats + v] * grad_rested[f * floats + v];
        grad_amounts[i] += sum;
    }
};

template <class Device>
class VertexBasis final : public TrainingModule {
  public:
    explicit VertexBasis(const Starts& starts) : starts_(starts), targets_(int(starts.at("amounts").size())) {}
    std::vector<ParameterGroup> groups() const override {
        ParameterGroup targets{"targets", 3, starts_.at("targets"), 1e-5f};
        ParameterGroup amounts{"amounts", std::size_t(targets_), starts_.at("amounts"), 0.01f};
        amounts.clock = StepClock::views;
        return {targets, amounts};
    }
    bool takes_part(StepStage stage) const override { return stage == StepStage::rested; }
    void forward(StepStage, const StepArrays& a) override {
        const int floats = 3 * a.vertices;
        Device::run(a, floats, MoveVertices{a.frames, floats, targets_, a.groups[0].values, a.groups[1].values, a.rested});
    }
    void backward(StepStage, const StepArrays& a) override {
        const int floats = 3 * a.vertices;
        Device::run(
            a, floats,
            MoveVerticesByBasis{a.frames, floats, targets_, a.groups[1].values, a.grad_rested, a.groups[0].gradients});
        Device::run(a, a.frames * targets_,
                    MoveVerticesByAmount{floats, targets_, a.groups[0].values, a.grad_rested, a.groups[1].gradients});
    }

  private:
    Starts starts_;
    int targets_;
};

// ---- albedo: texels of a map ----

// How much a texel counts at a place in [0, 1]^2; texels' centres are at (k + 1/2) / size.
LIKENESS_TEST_EACH inline float texel_weight(int size, int texel, float x, float y) {
    const auto clamp = [size](float p) {
        const float place = p * float(size) - 0.5f;
        return place < 0 ? 0 : place > float(size - 1) ? float(size - 1) : place;
    };
    const float dx = std::fabs(clamp(x) - float(texel % size)), dy = std::fabs(clamp(y) - float(texel / size));
    return dx < 1 && dy < 1 ? (1 - dx) * (1 - dy) : 0.0f;
}
struct PaintAlbedo {
    int size;
    const float *texels, *positions;
    float* albedo;
    LIKENESS_TEST_EACH void operator()(int i) const {
        for (int t = 0; t < size * size; ++t) {
            const float w = texel_weight(size, t, positions[2 * i], positions[2 * i + 1]);
            for (int c = 0; c < 3; ++c) albedo[3 * i + c] += w * texels[3 * t + c];
        }
    }
};
struct PaintAlbedoByTexel {
    int size, count;
    const float *positions, *grad_albedo;
    float* grad_texels;
    LIKENESS_TEST_EACH void operator()(int t) const {
        for (int i = 0; i < count; ++i) {
            const float w = texel_weight(size, t, positions[2 * i], positions[2 * i + 1]);
            for (int c = 0; c < 3; ++c) grad_texels[3 * t + c] += w * grad_albedo[3 * i + c];
        }
    }
};

template <class Device>
class AlbedoMap final : public TrainingModule {
  public:
    AlbedoMap(const Starts& starts, int size, const std::vector<float>& positions)
        : starts_(starts), size_(size), positions_(positions) {}
    std::vector<ParameterGroup> groups() const override {
        return {{"texels", 3, starts_.at("texels"), 0.01f}};
    }
    bool takes_part(StepStage stage) const override { return stage == StepStage::anchored; }
    void forward(StepStage, const StepArrays& a) override {
        Device::run(a, a.count, PaintAlbedo{size_, a.groups[0].values, positions_.data(), a.anchored[row_of("albedo")]});
    }
    void backward(StepStage, const StepArrays& a) override {
        Device::run(a, size_ * size_,
                    PaintAlbedoByTexel{size_, a.count, positions_.data(), a.grad_anchored[row_of("albedo")],
                                       a.groups[0].gradients});
    }

  private:
    Starts starts_;
    int size_;
    typename Device::Memory positions_;
};

// ---- albedo: a latent and its linear decoder ----

struct Decode {
    int floats, latents;  // floats: 3 * count
    const float *latent, *decoder;
    float* albedo;
    LIKENESS_TEST_EACH void operator()(int i) const {
        for (int l = 0; l < latents; ++l) albedo[i] += latent[l] * decoder[l * floats + i];
    }
};
struct DecodeByDecoder {
    int floats, latents;
    const float *latent, *grad_albedo;
    float* grad_decoder;
    LIKENESS_TEST_EACH void operator()(int i) const {
        for (int l = 0; l < latents; ++l) grad_decoder[l * floats + i] += latent[l] * grad_albedo[i];
    }
};
struct DecodeByLatent {
    int floats;
    const float *decoder, *grad_albedo;
    float* grad_latent;
    LIKENESS_TEST_EACH void operator()(int l) const {
        for (int i = 0; i < floats; ++i) grad_latent[l] += decoder[l * floats + i] * grad_albedo[i];
    }
};

template <class Device>
class Latent final : public TrainingModule {
  public:
    explicit Latent(const Starts& starts) : starts_(starts), latents_(int(starts.at("latent").size())) {}
    std::vector<ParameterGroup> groups() const override {
        return {{"latent", std::size_t(latents_), starts_.at("latent"), 0.02f},
                {"decoder", 3, starts_.at("decoder"), 1e-3f}};
    }
    bool takes_part(StepStage stage) const override { return stage == StepStage::anchored; }
    void forward(StepStage, const StepArrays& a) override {
        Device::run(a, 3 * a.count, Decode{3 * a.count, latents_, a.groups[0].values, a.groups[1].values,
                                           a.anchored[row_of("albedo")]});
    }
    void backward(StepStage, const StepArrays& a) override {
        const float* const grad_albedo = a.grad_anchored[row_of("albedo")];
        Device::run(a, 3 * a.count,
                    DecodeByDecoder{3 * a.count, latents_, a.groups[0].values, grad_albedo, a.groups[1].gradients});
        Device::run(a, latents_, DecodeByLatent{3 * a.count, a.groups[1].values, grad_albedo, a.groups[0].gradients});
    }

  private:
    Starts starts_;
    int latents_;
};

// ---- light ----

// The spherical harmonics of degree 0 and 1 without their constant factors.
LIKENESS_TEST_EACH inline float harmonic(int b, const float* n) {
    return b == 0 ? 1.0f : n[b - 1];
}
LIKENESS_TEST_EACH inline float shade(const float* light, const float* n, int c) {
    float sum = 0;
    for (int b = 0; b < 4; ++b) sum += light[3 * b + c] * harmonic(b, n);
    return sum;
}
struct Shade {
    int count;
    const float *light, *normals;
    float* colors;  // [frames, count, 3]
    LIKENESS_TEST_EACH void operator()(int i) const {
        for (int c = 0; c < 3; ++c) colors[3 * i + c] *= shade(light, normals + 3 * (i % count), c);
    }
};
// Of an entry of the light; colors are as the light left them.
struct ShadeByLight {
    int total, count;  // total: frames * count
    const float *light, *normals, *colors, *grad_colors;
    float* grad_light;
    LIKENESS_TEST_EACH void operator()(int k) const {
        const int b = k / 3, c = k % 3;
        float sum = 0;
        for (int i = 0; i < total; ++i) {
            const float* const n = normals + 3 * (i % count);
            sum += grad_colors[3 * i + c] * harmonic(b, n) * colors[3 * i + c] / shade(light, n, c);
        }
        grad_light[k] += sum;
    }
};

template <class Device>
class Light final : public TrainingModule {
  public:
    Light(const Starts& starts, const std::vector<float>& normals) : starts_(starts), normals_(normals) {}
    std::vector<ParameterGroup> groups() const override { return {{"light", 3, starts_.at("light"), 0.02f}}; }
    bool takes_part(StepStage stage) const override { return stage == StepStage::posed; }
    void forward(StepStage, const StepArrays& a) override {
        Device::run(a, a.frames * a.count, Shade{a.count, a.groups[0].values, normals_.data(), a.posed.colors});
    }
    void backward(StepStage, const StepArrays& a) override {
        Device::run(a, 12,
                    ShadeByLight{a.frames * a.count, a.count, a.groups[0].values, normals_.data(), a.posed.colors,
                                 a.grad_posed.colors, a.groups[0].gradients});
        Device::run(a, a.frames * a.count, Shade{a.count, a.groups[0].values, normals_.data(), a.grad_posed.colors});
    }

  private:
    Starts starts_;
    typename Device::Memory normals_;
};

// ---- exposure ----

struct Expose {
    int floats;  // of a picture
    const float* exposure;
    float* color;
    LIKENESS_TEST_EACH void operator()(int i) const { color[i] *= exposure[i / floats]; }
};
// Of a frame; its picture is as exposed.
struct ExposeByExposure {
    int floats;
    const float *exposure, *color, *grad_color;
    float* grad_exposure;
    LIKENESS_TEST_EACH void operator()(int f) const {
        double sum = 0;
        for (int i = f * floats; i < (f + 1) * floats; ++i)
            sum += double(grad_color[i]) * double(color[i] / exposure[f]);
        grad_exposure[f] += float(sum);
    }
};

template <class Device>
class Exposure final : public TrainingModule {
  public:
    explicit Exposure(const Starts& starts) : starts_(starts) {}
    std::vector<ParameterGroup> groups() const override {
        ParameterGroup exposure{"exposure", 1, starts_.at("exposure"), 0.01f};
        exposure.clock = StepClock::views;
        return {exposure};
    }
    bool takes_part(StepStage stage) const override { return stage == StepStage::picture; }
    void forward(StepStage, const StepArrays& a) override {
        const int floats = 3 * a.width * a.height;
        Device::run(a, a.frames * floats, Expose{floats, a.groups[0].values, a.color});
    }
    void backward(StepStage, const StepArrays& a) override {
        const int floats = 3 * a.width * a.height;
        Device::run(a, a.frames,
                    ExposeByExposure{floats, a.groups[0].values, a.color, a.grad_color, a.groups[0].gradients});
        Device::run(a, a.frames * floats, Expose{floats, a.groups[0].values, a.grad_color});
    }

  private:
    Starts starts_;
};

// ---- a term of the loss ----

struct SquaredDifference {
    int frames, floats;
    float weight;
    const float *picture, *color;
    double* loss;
    LIKENESS_TEST_EACH void operator()(int) const {
        double sum = 0;
        for (int f = 0; f < frames; ++f)
            for (int i = 0; i < floats; ++i) {
                const double d = double(color[f * floats + i]) - double(picture[i]);
                sum += d * d;
            }
        *loss += double(weight) * sum / double(floats);
    }
};
struct SquaredDifferenceByColor {
    int floats;
    float weight;
    const float *picture, *color;
    float* grad_color;
    LIKENESS_TEST_EACH void operator()(int i) const {
        grad_color[i] += 2 * weight / float(floats) * (color[i] - picture[i % floats]);
    }
};

template <class Device>
class PictureTerm final : public TrainingModule {
  public:
    PictureTerm(float weight, const std::vector<float>& picture) : weight_(weight), picture_(picture) {}
    bool takes_part(StepStage stage) const override { return stage == StepStage::picture; }
    void forward(StepStage, const StepArrays&) override {}
    void backward(StepStage, const StepArrays& a) override {
        const int floats = 3 * a.width * a.height;
        const float weight = weight_ / float(a.batch);  // a mean over the batch
        Device::run(a, 1, SquaredDifference{a.frames, floats, weight, picture_.data(), a.color, a.loss});
        Device::run(a, a.frames * floats,
                    SquaredDifferenceByColor{floats, weight, picture_.data(), a.color, a.grad_color});
    }

  private:
    float weight_;
    typename Device::Memory picture_;
};

template <class Device>
AddedModules modules_of() {
    AddedModules m;
    m.vertex_basis = [](const Starts& s) -> ModulePointer { return std::make_shared<VertexBasis<Device>>(s); };
    m.albedo_map = [](const Starts& s, int size, const std::vector<float>& positions) -> ModulePointer {
        return std::make_shared<AlbedoMap<Device>>(s, size, positions);
    };
    m.latent = [](const Starts& s) -> ModulePointer { return std::make_shared<Latent<Device>>(s); };
    m.light = [](const Starts& s, const std::vector<float>& normals) -> ModulePointer {
        return std::make_shared<Light<Device>>(s, normals);
    };
    m.exposure = [](const Starts& s) -> ModulePointer { return std::make_shared<Exposure<Device>>(s); };
    m.picture_term = [](float weight, const std::vector<float>& picture) -> ModulePointer {
        return std::make_shared<PictureTerm<Device>>(weight, picture);
    };
    return m;
}

}  // namespace likeness::test::added
