// The picture loss against its definition in double precision, and its gradients by finite differences of that.
#include "likeness/cuda/loss.h"

#include <algorithm>

#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {
namespace {

class PictureLossTest : public GpuTest {};

struct Pictures {
    cuda::LossOptions options;
    std::vector<double> color, alpha;
    std::vector<unsigned char> target;
    std::vector<float> mask, background;  // empty: none

    std::size_t pixels() const { return std::size_t(options.width) * std::size_t(options.height); }
    double mask_at(std::size_t pixel) const { return mask.empty() ? 1.0 : double(mask[pixel]); }
    double target_alpha(std::size_t pixel) const { return target[4 * pixel + 3] / 255.0; }
    double target_color(std::size_t pixel, std::size_t channel) const {
        const double behind = background.empty() ? 0 : double(background[channel]);
        return target[4 * pixel + channel] / 255.0 * target_alpha(pixel) + behind * (1 - target_alpha(pixel));
    }
    double normalizer() const { return options.normalizer > 0 ? double(options.normalizer) : double(pixels()); }
};

double ssim_at(const Pictures& p, int x, int y, std::size_t channel) {
    double window_sum = 0, mc = 0, mt = 0, cc = 0, tt = 0, ct = 0;
    for (int dy = -5; dy <= 5; ++dy) {
        for (int dx = -5; dx <= 5; ++dx) {
            const double weight = std::exp(-(dx * dx + dy * dy) / (2 * 1.5 * 1.5));
            window_sum += weight;
            if (x + dx < 0 || y + dy < 0 || x + dx >= p.options.width || y + dy >= p.options.height) continue;
            const std::size_t pixel = std::size_t(y + dy) * std::size_t(p.options.width) + std::size_t(x + dx);
            const double c = p.color[3 * pixel + channel], t = p.target_color(pixel, channel);
            mc += weight * c;
            mt += weight * t;
            cc += weight * c * c;
            tt += weight * t * t;
            ct += weight * c * t;
        }
    }
    for (double* sum : {&mc, &mt, &cc, &tt, &ct}) *sum /= window_sum;
    const double c1 = 1e-4, c2 = 9e-4;
    return (2 * mc * mt + c1) * (2 * (ct - mc * mt) + c2) /
           ((mc * mc + mt * mt + c1) * (cc - mc * mc + tt - mt * mt + c2));
}

cuda::LossTerms reference_terms(const Pictures& p) {
    cuda::LossTerms terms;
    for (std::size_t pixel = 0; pixel < p.pixels(); ++pixel) {
        const double mask = p.mask_at(pixel);
        const int x = int(pixel % std::size_t(p.options.width)), y = int(pixel / std::size_t(p.options.width));
        for (std::size_t channel = 0; channel < 3; ++channel) {
            const double difference = p.color[3 * pixel + channel] - p.target_color(pixel, channel);
            terms.l1 += mask * std::abs(difference) / 3;
            terms.squared += mask * difference * difference / 3;
            terms.dssim += mask * (1 - ssim_at(p, x, y, channel)) / 6;
        }
        const double alpha = p.alpha[pixel], target = p.target_alpha(pixel);
        if (p.options.alpha_loss == cuda::AlphaLoss::absolute) {
            terms.alpha += mask * std::abs(alpha - target);
        } else {
            const double limit = double(cuda::cross_entropy_limit);
            const double q = std::clamp(alpha, limit, 1 - limit);
            terms.alpha -= mask * (target * std::log(q) + (1 - target) * std::log(1 - q));
        }
    }
    for (double* term : {&terms.l1, &terms.squared, &terms.dssim, &terms.alpha}) *term /= p.normalizer();
    return terms;
}

double reference_loss(const Pictures& p) {
    const cuda::LossTerms terms = reference_terms(p);
    return double(p.options.l1_weight) * terms.l1 + double(p.options.dssim_weight) * terms.dssim +
           double(p.options.alpha_weight) * terms.alpha;
}

Pictures random_pictures(int width, int height, unsigned seed) {
    Random random(seed);
    Pictures p;
    p.options.width = width;
    p.options.height = height;
    for (std::size_t i = 0; i < p.pixels(); ++i) {
        for (int channel = 0; channel < 3; ++channel) p.color.push_back(double(random.uniform(0, 1)));
        p.alpha.push_back(double(random.uniform(0.01f, 0.99f)));
        for (int channel = 0; channel < 4; ++channel) {
            p.target.push_back(static_cast<unsigned char>(random.uniform(0, 255.99f)));
        }
    }
    return p;
}

class PictureLossCheck {
  public:
    PictureLossCheck(const Pictures& p, cudaStream_t stream)
        : terms_(stream), color_gradient_(stream, 3 * p.pixels()), alpha_gradient_(stream, p.pixels()) {
        cuda::DeviceBuffer<float> color(stream), alpha(stream), mask(stream), background(stream);
        cuda::DeviceBuffer<unsigned char> target(stream);
        cuda::DeviceBuffer<char> workspace(stream, cuda::loss_workspace_bytes(p.options));
        color.upload(std::vector<float>(p.color.begin(), p.color.end()));
        alpha.upload(std::vector<float>(p.alpha.begin(), p.alpha.end()));
        target.upload(p.target);
        mask.upload(p.mask);
        background.upload(p.background);
        terms_.resize(1);
        for (auto* buffer : {&color_gradient_, &alpha_gradient_}) {
            cuda::check(cudaMemsetAsync(buffer->data(), 0xff, buffer->bytes(), stream), "poison");
        }
        cuda::picture_loss(p.options, {color.data(), alpha.data(), target.data(), mask.data(), background.data()},
                           workspace.data(), {terms_.data(), color_gradient_.data(), alpha_gradient_.data()}, stream);
        terms = terms_.download()[0];
        color_gradient = color_gradient_.download();
        alpha_gradient = alpha_gradient_.download();
    }
    cuda::LossTerms terms;
    std::vector<float> color_gradient, alpha_gradient;

  private:
    cuda::DeviceBuffer<cuda::LossTerms> terms_;
    cuda::DeviceBuffer<float> color_gradient_, alpha_gradient_;
};

void check(Pictures p, cudaStream_t stream) {
    const PictureLossCheck result(p, stream);
    const cuda::LossTerms expected = reference_terms(p);
    EXPECT_NEAR(result.terms.l1, expected.l1, 1e-5 * (1 + expected.l1));
    EXPECT_NEAR(result.terms.squared, expected.squared, 1e-5 * (1 + expected.squared));
    EXPECT_NEAR(result.terms.alpha, expected.alpha, 1e-5 * (1 + expected.alpha));
    if (p.options.dssim_weight > 0) {
        EXPECT_NEAR(result.terms.dssim, expected.dssim, 1e-5 * (1 + expected.dssim));
    }
    const auto compare = [&](const char* name, const std::vector<float>& gradient, std::vector<double>& values) {
        std::vector<float> sampled;
        std::vector<double> differences;
        for (std::size_t i = 0; i < values.size(); i += 1 + values.size() / 60) {
            const double value = values[i];
            values[i] = value + 1e-7;
            const double above = reference_loss(p);
            values[i] = value - 1e-7;
            const double below = reference_loss(p);
            values[i] = value;
            sampled.push_back(gradient[i]);
            differences.push_back((above - below) / 2e-7);
        }
        EXPECT_LT(relative_distance(sampled, differences), 1e-4) << name;
        for (const float g : gradient) ASSERT_TRUE(std::isfinite(g)) << name;
    };
    compare("color", result.color_gradient, p.color);
    compare("alpha", result.alpha_gradient, p.alpha);
}

TEST_F(PictureLossTest, all_terms) { check(random_pictures(37, 29, 1), stream()); }

TEST_F(PictureLossTest, mask_background_and_normalizer) {
    Pictures p = random_pictures(33, 18, 2);
    p.mask = Random(3).uniforms(p.pixels(), 0, 1);
    for (std::size_t i = 0; i < p.mask.size(); i += 3) p.mask[i] = 0;
    p.background = {0.1f, 0.6f, 0.9f};
    p.options.normalizer = 123;
    p.options.alpha_loss = cuda::AlphaLoss::cross_entropy;
    check(p, stream());
}

TEST_F(PictureLossTest, without_structural_similarity) {
    Pictures p = random_pictures(20, 40, 4);
    p.options.dssim_weight = 0;
    EXPECT_EQ(cuda::loss_workspace_bytes(p.options), 0u);
    check(p, stream());
}

TEST_F(PictureLossTest, pictures_smaller_than_the_window) { check(random_pictures(3, 2, 5), stream()); }

TEST_F(PictureLossTest, equal_pictures_cost_nothing) {
    Pictures p = random_pictures(48, 48, 6);
    for (std::size_t i = 0; i < p.pixels(); ++i) {
        for (std::size_t channel = 0; channel < 3; ++channel) p.color[3 * i + channel] = p.target_color(i, channel);
        p.alpha[i] = p.target_alpha(i);
    }
    const PictureLossCheck result(p, stream());
    EXPECT_NEAR(result.terms.l1, 0, 1e-6);
    EXPECT_NEAR(result.terms.dssim, 0, 1e-5);
    EXPECT_NEAR(result.terms.alpha, 0, 1e-6);
}

}  // namespace
}  // namespace likeness::cuda_tests
