#include "core/learning/group_update.h"

#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/base/vectorize.h"

namespace likeness {
namespace {

constexpr std::size_t at_once = piece_of_group;
constexpr int lanes = 16;

// Sums of `count` values that do not depend on the threads: one each piece.
template <class Body>
double sum_of_pieces(std::size_t count, const Body& body) {
    const std::size_t pieces = (count + at_once - 1) / at_once;
    std::vector<double> sums(pieces, 0.0);
    parallel_for(pieces, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t p = begin; p < end; ++p) sums[p] = body(p * at_once, std::min(count, (p + 1) * at_once));
    });
    double sum = 0;
    for (const double s : sums) sum += s;
    return sum;
}

// Returns the energy as two times itself for squares, and once for absolute values.
template <bool Squared>
[[gnu::always_inline]] inline double prior(float weight, const float* values, const float* centre, float* gradients,
                                           std::size_t count) {
    float sums[lanes] = {};
    const auto one = [&](std::size_t i, int lane) {
        const float d = values[i] - (centre ? centre[i] : 0.0f);
        gradients[i] += Squared ? weight * d : d > 0 ? weight : d < 0 ? -weight : 0.0f;
        sums[lane] += Squared ? d * d : std::abs(d);
    };
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes)
#pragma GCC ivdep
        for (int k = 0; k < lanes; ++k) one(i + std::size_t(k), k);
    for (int k = 0; i + std::size_t(k) < count; ++k) one(i + std::size_t(k), k);
    double sum = 0;
    for (const float s : sums) sum += double(s);
    return double(weight) * sum;
}
LIKENESS_VECTORIZE double squared_prior(float weight, const float* values, const float* centre, float* gradients,
                                        std::size_t count) {
    return prior<true>(weight, values, centre, gradients, count);
}
LIKENESS_VECTORIZE double absolute_prior(float weight, const float* values, const float* centre, float* gradients,
                                         std::size_t count) {
    return prior<false>(weight, values, centre, gradients, count);
}

LIKENESS_VECTORIZE float zero_if_finite(const float* values, std::size_t count) {
    float sums[lanes] = {};
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes)
#pragma GCC ivdep
        for (int k = 0; k < lanes; ++k) sums[k] += 0 * values[i + std::size_t(k)];
    for (; i < count; ++i) sums[0] += 0 * values[i];
    float sum = 0;
    for (const float s : sums) sum += s;
    return sum;
}

LIKENESS_VECTORIZE void adam(float* __restrict value, const float* __restrict gradient, float* __restrict first,
                             float* __restrict second, std::size_t count, float rate, float correction, float low,
                             float high) {
    constexpr float beta1 = adam_beta1, beta2 = adam_beta2, epsilon = adam_epsilon;
    for (std::size_t i = 0; i < count; ++i) {
        const float g = gradient[i];
        first[i] = beta1 * first[i] + (1 - beta1) * g;
        second[i] = beta2 * second[i] + (1 - beta2) * g * g;
        const float moved = value[i] - rate * first[i] / (std::sqrt(second[i] * correction) + epsilon);
        value[i] = moved < low ? low : moved > high ? high : moved;
    }
}

}  // namespace

double add_prior_to_piece(const GroupStep& step, const float* values, const float* centre, float* gradients,
                          std::size_t count, bool& finite) {
    double energy = 0;
    if (step.squared != 0)
        energy = 0.5 * squared_prior(step.squared, values, centre, gradients, count);
    else if (step.absolute != 0)
        energy = absolute_prior(step.absolute, values, centre, gradients, count);
    // 0 * x is 0 unless x is not finite.
    if (zero_if_finite(gradients, count) != 0) finite = false;
    return energy;
}

double add_prior(const GroupStep& step, const float* values, const float* centre, float* gradients, std::size_t count) {
    if (step.squared == 0 && step.absolute == 0) return 0;
    return sum_of_pieces(count, [&](std::size_t begin, std::size_t end) {
        bool finite = true;
        return add_prior_to_piece(step, values + begin, centre ? centre + begin : nullptr, gradients + begin,
                                  end - begin, finite);
    });
}

double add_smoothness(const GroupStep& step, const float* values, std::size_t width, std::size_t vertices,
                      const int* triangles, const int* vertex_first, const int* vertex_triangles, float* gradients) {
    if (step.smooth == 0) return 0;
    // A pair is met at both its ends.
    return 0.25 * sum_of_pieces(vertices, [&](std::size_t begin, std::size_t end) {
               double squares = 0;
               for (std::size_t v = begin; v < end; ++v)
                   for (std::size_t c = 0; c < width; ++c) {
                       float sum = 0;
                       for (int k = vertex_first[v]; k < vertex_first[v + 1]; ++k)
                           for (int corner = 0; corner < 3; ++corner) {
                               const int other = triangles[3 * vertex_triangles[k] + corner];
                               const float d = values[v * width + c] - values[std::size_t(other) * width + c];
                               sum += d;
                               squares += double(d) * double(d);
                           }
                       gradients[v * width + c] += step.smooth * sum;
                   }
               return double(step.smooth) * squares;
           });
}

bool all_finite(const float* values, std::size_t count) {
    return sum_of_pieces(count, [&](std::size_t begin, std::size_t end) {
               return double(zero_if_finite(values + begin, end - begin));
           }) == 0;
}

void update_piece(const GroupStep& step, float* values, const float* gradients, float* first_moments,
                  float* second_moments, std::size_t count) {
    if (step.rests) return;
    adam(values, gradients, first_moments, second_moments, count, step.rate, step.second_scale, step.low, step.high);
}

void update_group(const GroupStep& step, float* values, const float* gradients, float* first_moments,
                  float* second_moments, std::size_t count, std::size_t width, const float* low, const float* high) {
    if (step.rests) return;
    parallel_for(count, at_once, [&](std::size_t begin, std::size_t end) {
        update_piece(step, values + begin, gradients + begin, first_moments + begin, second_moments + begin,
                     end - begin);
    });
    if (!low && !high) return;
    for (std::size_t i = 0; i < count; ++i) {
        if (low) values[i] = std::max(values[i], low[i % width]);
        if (high) values[i] = std::min(values[i], high[i % width]);
    }
}

}  // namespace likeness
