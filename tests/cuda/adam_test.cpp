// Adam against the published algorithm in double precision.
#include "likeness/cuda/adam.h"

#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {
namespace {

class AdamTest : public GpuTest {};

struct ReferenceGroup {
    // 1 - 0.999 as floats differs by 5e-5 from the same as doubles: the options' own values are meant.
    static constexpr double beta1 = double(cuda::AdamOptions().beta1), beta2 = double(cuda::AdamOptions().beta2);
    std::vector<double> values, first, second;
    double rate;

    void step(const std::vector<float>& gradients, int t, const std::vector<unsigned char>& mask, std::size_t width) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (!mask.empty() && mask[i / width] == 0) continue;
            const double g = double(gradients[i]);
            first[i] = beta1 * first[i] + (1 - beta1) * g;
            second[i] = beta2 * second[i] + (1 - beta2) * g * g;
            const double m = first[i] / (1 - std::pow(beta1, t)), v = second[i] / (1 - std::pow(beta2, t));
            values[i] -= rate * m / (std::sqrt(v) + 1e-15);
        }
    }
};

TEST_F(AdamTest, several_groups_with_masks_and_a_clock) {
    const std::size_t counts[] = {3000, 1, 4096, 0, 777};
    const float rates[] = {1e-3f, 0.1f, 5e-2f, 1, 1e-4f};
    Random random(8);
    std::vector<ReferenceGroup> expected;
    std::vector<cuda::DeviceBuffer<float>> values, first, second;
    std::vector<unsigned char> mask(1000);  // one byte for each row of three in the first group
    for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = i % 3 != 0;
    cuda::DeviceBuffer<unsigned char> device_mask(stream());
    device_mask.upload(mask);
    for (std::size_t g = 0; g < 5; ++g) {
        const std::vector<float> start = random.normals(counts[g]);
        expected.push_back({std::vector<double>(start.begin(), start.end()), std::vector<double>(counts[g]),
                            std::vector<double>(counts[g]), double(rates[g])});
        values.push_back(upload(start));
        first.push_back(upload(std::vector<float>(counts[g])));
        second.push_back(upload(std::vector<float>(counts[g])));
    }
    cuda::DeviceBuffer<cuda::AdamClock> clock(stream(), 1);
    cuda::adam_set_clock(clock.data(), {0, 1.0f}, stream());
    for (int step = 1; step <= 20; ++step) {
        std::vector<cuda::AdamGroup> groups(5);
        std::vector<cuda::DeviceBuffer<float>> gradients;
        for (std::size_t g = 0; g < 5; ++g) {
            const std::vector<float> gradient = random.normals(counts[g]);
            gradients.push_back(upload(gradient));
            groups[g] = {values[g].data(), gradients[g].data(),
                         first[g].data(),  second[g].data(),
                         counts[g],        rates[g],
                         nullptr,          1};
            if (g == 0) {
                groups[g].mask = device_mask.data();
                groups[g].values_per_mask = 3;
            }
            expected[g].step(gradient, step, g == 0 ? mask : std::vector<unsigned char>(), 3);
        }
        cuda::AdamOptions options;
        if (step % 2 == 0) {  // number from the host and from the clock are the same
            options.step = step;
            cuda::adam_tick(clock.data(), stream());
        } else {
            cuda::adam_tick(clock.data(), stream());
            options.clock = clock.data();
        }
        cuda::adam_step(groups.data(), int(groups.size()), options, stream());
    }
    for (std::size_t g = 0; g < 5; ++g) {
        EXPECT_LT(relative_distance(values[g].download(), expected[g].values), 1e-5) << g;
        EXPECT_LT(relative_distance(first[g].download(), expected[g].first), 1e-5) << g;
        EXPECT_LT(relative_distance(second[g].download(), expected[g].second), 1e-5) << g;
    }
}

TEST_F(AdamTest, refuses_too_many_groups) {
    const std::vector<cuda::AdamGroup> groups(cuda::largest_adam_groups + 1);
    EXPECT_THROW(cuda::adam_step(groups.data(), int(groups.size()), {}, stream()), std::invalid_argument);
}

}  // namespace
}  // namespace likeness::cuda_tests
