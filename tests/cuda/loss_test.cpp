// The picture loss against its definition in double precision, and its gradients by finite differences of that.
#include "likeness/cuda/loss.h"

#include <algorithm>

#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {
namespace {

class PictureLossTest : public GpuTest {};

struct Picture {
    int width = 0, height = 0;
    std::vector<double> color, alpha;
    std::vector<unsigned char> target;
    std::vector<float> mask, background;  // empty: none
    cuda::LossImage image;                // weights, scale, share

    std::size_t pixels() const { return std::size_t(width) * std::size_t(height); }
    double mask_at(std::size_t pixel) const { return mask.empty() ? 1.0 : double(mask[pixel]); }
    double target_alpha(std::size_t pixel) const { return target[4 * pixel + 3] / 255.0; }
    double target_color(std::size_t pixel, std::size_t channel) const {
        const double behind = background.empty() ? 0 : double(background[channel]);
        return target[4 * pixel + channel] / 255.0 * target_alpha(pixel) + behind * (1 - target_alpha(pixel));
    }
};

double ssim_at(const Picture& p, int x, int y, std::size_t channel) {
    double window_sum = 0, mc = 0, mt = 0, cc = 0, tt = 0, ct = 0;
    for (int dy = -5; dy <= 5; ++dy) {
        for (int dx = -5; dx <= 5; ++dx) {
            const double weight = std::exp(-(dx * dx + dy * dy) / (2 * 1.5 * 1.5));
            window_sum += weight;
            if (x + dx < 0 || y + dy < 0 || x + dx >= p.width || y + dy >= p.height) continue;
            const std::size_t pixel = std::size_t(y + dy) * std::size_t(p.width) + std::size_t(x + dx);
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

cuda::LossTerms reference_terms(const Picture& p) {
    cuda::LossTerms terms;
    for (std::size_t pixel = 0; pixel < p.pixels(); ++pixel) {
        const double mask = p.mask_at(pixel);
        const int x = int(pixel % std::size_t(p.width)), y = int(pixel / std::size_t(p.width));
        for (std::size_t channel = 0; channel < 3; ++channel) {
            const double difference = p.color[3 * pixel + channel] - p.target_color(pixel, channel);
            terms.l1 += mask * std::abs(difference) / 3;
            terms.squared += mask * difference * difference / 3;
            terms.dssim += mask * (1 - ssim_at(p, x, y, channel)) / 6;
        }
        terms.alpha += mask * std::abs(p.alpha[pixel] - p.target_alpha(pixel));
    }
    for (double* term : {&terms.l1, &terms.squared, &terms.dssim, &terms.alpha}) *term *= double(p.image.scale);
    return terms;
}

double reference_loss(const Picture& p) {
    const cuda::LossTerms terms = reference_terms(p);
    return double(p.image.l1_weight) * terms.l1 + double(p.image.dssim_weight) * terms.dssim +
           double(p.image.alpha_weight) * terms.alpha;
}

Picture random_picture(int width, int height, unsigned seed) {
    Random random(seed);
    Picture p;
    p.width = width;
    p.height = height;
    p.image.scale = 1 / float(width * height);
    for (std::size_t i = 0; i < p.pixels(); ++i) {
        for (int channel = 0; channel < 3; ++channel) p.color.push_back(double(random.uniform(0, 1)));
        p.alpha.push_back(double(random.uniform(0.01f, 0.99f)));
        for (int channel = 0; channel < 4; ++channel) {
            p.target.push_back(static_cast<unsigned char>(random.uniform(0, 255.99f)));
        }
    }
    return p;
}

// Pictures of one size and over one background, in one call.
struct Results {
    std::vector<cuda::LossTerms> terms;
    std::vector<float> color_gradient, alpha_gradient;

    Results(const std::vector<Picture>& pictures, cuda::LossOptions options, cudaStream_t stream) {
        const Picture& first = pictures[0];
        options.width = first.width;
        options.height = first.height;
        options.images = int(pictures.size());
        std::vector<float> colors, alphas;
        std::vector<cuda::DeviceBuffer<unsigned char>> targets;
        std::vector<cuda::DeviceBuffer<float>> masks;
        std::vector<cuda::LossImage> images;
        for (const Picture& p : pictures) {
            colors.insert(colors.end(), p.color.begin(), p.color.end());
            alphas.insert(alphas.end(), p.alpha.begin(), p.alpha.end());
            targets.emplace_back(stream).upload(p.target);
            masks.emplace_back(stream).upload(p.mask);
            images.push_back(p.image);
            images.back().target = targets.back().data();
            images.back().mask = p.mask.empty() ? nullptr : masks.back().data();
        }
        cuda::DeviceBuffer<float> color(stream), alpha(stream), background(stream), grad_color(stream, colors.size()),
            grad_alpha(stream, alphas.size());
        cuda::DeviceBuffer<cuda::LossImage> device_images(stream);
        cuda::DeviceBuffer<cuda::LossTerms> device_terms(stream, pictures.size());
        device_terms.fill_zero();
        cuda::DeviceBuffer<char> workspace(stream, cuda::loss_workspace_bytes(options));
        color.upload(colors);
        alpha.upload(alphas);
        background.upload(first.background);
        device_images.upload(images);
        for (auto* buffer : {&grad_color, &grad_alpha})
            cuda::check(cudaMemsetAsync(buffer->data(), 0xff, buffer->bytes(), stream), "poison");
        cuda::picture_loss(
            options,
            {color.data(), alpha.data(), device_images.data(), first.background.empty() ? nullptr : background.data()},
            workspace.data(), {device_terms.data(), grad_color.data(), grad_alpha.data()}, stream);
        terms = device_terms.download();
        color_gradient = grad_color.download();
        alpha_gradient = grad_alpha.download();
    }
};

void check(std::vector<Picture> pictures, cudaStream_t stream, const cuda::LossOptions& options = {}) {
    const Results result(pictures, options, stream);
    for (std::size_t k = 0; k < pictures.size(); ++k) {
        SCOPED_TRACE(k);
        Picture& p = pictures[k];
        const cuda::LossTerms expected = reference_terms(p), &found = result.terms[k];
        EXPECT_NEAR(found.l1, expected.l1, 1e-5 * (1 + expected.l1));
        EXPECT_NEAR(found.squared, expected.squared, 1e-5 * (1 + expected.squared));
        EXPECT_NEAR(found.alpha, expected.alpha, 1e-5 * (1 + expected.alpha));
        if (options.dssim) {
            EXPECT_NEAR(found.dssim, expected.dssim, 1e-5 * (1 + expected.dssim));
        }
        const auto compare = [&](const char* name, const float* gradient, std::vector<double>& values) {
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
                differences.push_back(double(p.image.share) * (above - below) / 2e-7);
            }
            EXPECT_LT(relative_distance(sampled, differences), 1e-4) << name;
            for (std::size_t i = 0; i < values.size(); ++i) ASSERT_TRUE(std::isfinite(gradient[i])) << name;
        };
        compare("color", &result.color_gradient[k * p.color.size()], p.color);
        compare("alpha", &result.alpha_gradient[k * p.alpha.size()], p.alpha);
    }
}

TEST_F(PictureLossTest, all_terms) { check({random_picture(37, 29, 1)}, stream()); }

TEST_F(PictureLossTest, mask_background_and_scale) {
    Picture p = random_picture(33, 18, 2);
    p.mask = Random(3).uniforms(p.pixels(), 0, 1);
    for (std::size_t i = 0; i < p.mask.size(); i += 3) p.mask[i] = 0;
    p.background = {0.1f, 0.6f, 0.9f};
    p.image.scale = 1.0f / 123;
    check({p}, stream());
}

// Each with weights, a mask, a scale and a share of its own.
TEST_F(PictureLossTest, several_pictures_at_once) {
    std::vector<Picture> pictures;
    for (unsigned k = 0; k < 5; ++k) {
        Picture p = random_picture(35, 21, 10 + k);
        p.background = {0.1f, 0.6f, 0.9f};
        p.image.l1_weight = k == 1 ? 0.0f : 0.8f;
        p.image.dssim_weight = k == 2 ? 0.0f : 0.1f + 0.1f * float(k);
        p.image.alpha_weight = k == 3 ? 0.0f : 0.5f;
        p.image.scale *= 1 + float(k);
        p.image.share = 0.2f + 0.1f * float(k);
        if (k % 2 == 1) p.mask = Random(20 + k).uniforms(p.pixels(), 0, 1);
        pictures.push_back(p);
    }
    for (const int at_once : {0, 1, 2}) {
        cuda::LossOptions options;
        options.at_once = at_once;
        check(pictures, stream(), options);
    }
}

TEST_F(PictureLossTest, a_share_scales_the_gradients_alone) {
    Picture p = random_picture(20, 20, 7);
    p.image.share = 0.25f;
    check({p}, stream());
    Picture whole = p;
    whole.image.share = 1;
    const Results a({p}, {}, stream()), b({whole}, {}, stream());
    EXPECT_EQ(a.terms[0].l1, b.terms[0].l1);
    EXPECT_EQ(a.terms[0].dssim, b.terms[0].dssim);
    for (std::size_t i = 0; i < a.color_gradient.size(); ++i)
        ASSERT_NEAR(a.color_gradient[i], 0.25f * b.color_gradient[i], 1e-6f * std::abs(b.color_gradient[i]) + 1e-9f);
}

TEST_F(PictureLossTest, without_structural_similarity) {
    Picture p = random_picture(20, 40, 4);
    p.image.dssim_weight = 0;
    cuda::LossOptions options;
    options.width = p.width;
    options.height = p.height;
    EXPECT_GT(cuda::loss_workspace_bytes(options), 0u);
    options.dssim = false;
    EXPECT_EQ(cuda::loss_workspace_bytes(options), 0u);
    check({p}, stream(), options);
}

TEST_F(PictureLossTest, pictures_smaller_than_the_window) { check({random_picture(3, 2, 5)}, stream()); }

TEST_F(PictureLossTest, equal_pictures_cost_nothing) {
    Picture p = random_picture(48, 48, 6);
    for (std::size_t i = 0; i < p.pixels(); ++i) {
        for (std::size_t channel = 0; channel < 3; ++channel) p.color[3 * i + channel] = p.target_color(i, channel);
        p.alpha[i] = p.target_alpha(i);
    }
    const Results result({p}, {}, stream());
    EXPECT_NEAR(result.terms[0].l1, 0, 1e-6);
    EXPECT_NEAR(result.terms[0].dssim, 0, 1e-5);
    EXPECT_NEAR(result.terms[0].alpha, 0, 1e-6);
}

}  // namespace
}  // namespace likeness::cuda_tests
