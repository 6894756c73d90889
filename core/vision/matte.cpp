#include "core/vision/matte.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "core/base/parallel.h"
#include "core/vision/color_model.h"
#include "core/vision/guided_filter.h"
#include "core/vision/mesh_indices.h"
#include "core/vision/one_person.h"

namespace likeness {

namespace {

// Color models and the linear fit are made at this size; the result is applied at the picture's own.
constexpr int matte_side = 640;

float smooth_step(float low, float high, float x) {
    const float t = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
    return t * t * (3 - 2 * t);
}

cv::Mat rgb_view(const Image& picture) {
    const cv::Mat all(picture.height, picture.width, CV_32FC(picture.channels),
                      const_cast<float*>(picture.pixels.data()));
    cv::Mat rgb = all;
    if (picture.channels == 1) cv::cvtColor(all, rgb, cv::COLOR_GRAY2RGB);
    if (picture.channels == 4) cv::cvtColor(all, rgb, cv::COLOR_RGBA2RGB);
    return rgb;
}

// Keeps the part of `mask` (CV_8U, 0 or 255) that holds most of `inside`, and fills its holes smaller than `hole`
// pixels.
void keep_person(cv::Mat& mask, const cv::Mat& inside, double hole) {
    cv::Mat labels;
    const int count = cv::connectedComponents(mask, labels, 8, CV_32S);
    std::vector<int> votes(std::size_t(count), 0);
    for (int y = 0; y < mask.rows; ++y)
        for (int x = 0; x < mask.cols; ++x)
            if (inside.ptr<std::uint8_t>(y)[x] && mask.ptr<std::uint8_t>(y)[x])
                ++votes[std::size_t(labels.ptr<int>(y)[x])];
    votes[0] = -1;
    const int best = int(std::max_element(votes.begin(), votes.end()) - votes.begin());
    if (count > 1) mask.setTo(0, labels != best);
    mask.setTo(255, inside);
    cv::Mat empty = mask == 0, stats, centres;
    const int holes = cv::connectedComponentsWithStats(empty, labels, stats, centres, 4, CV_32S);
    std::vector<std::uint8_t> fill(std::size_t(holes), 0);
    for (int i = 1; i < holes; ++i) {
        const int* s = stats.ptr<int>(i);
        const bool at_border = s[cv::CC_STAT_LEFT] == 0 || s[cv::CC_STAT_TOP] == 0 ||
                               s[cv::CC_STAT_LEFT] + s[cv::CC_STAT_WIDTH] == mask.cols ||
                               s[cv::CC_STAT_TOP] + s[cv::CC_STAT_HEIGHT] == mask.rows;
        fill[std::size_t(i)] = !at_border && s[cv::CC_STAT_AREA] < hole;
    }
    for (int y = 0; y < mask.rows; ++y)
        for (int x = 0; x < mask.cols; ++x)
            if (fill[std::size_t(labels.ptr<int>(y)[x])]) mask.ptr<std::uint8_t>(y)[x] = 255;
}

// Colors of the pixels in `known` (CV_8U), spread smoothly over all others: averages over growing windows, the finest
// one that has known pixels counting most (push-pull, Gortler et al. 1996, section 3.4).
cv::Mat spread(const cv::Mat& color, const cv::Mat& known) {
    cv::Mat sum(color.size(), CV_32FC4);
    parallel_for(std::size_t(color.rows), 32, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y)
            for (int x = 0; x < color.cols; ++x) {
                const float w = known.ptr<std::uint8_t>(y)[x] ? 1.0f : 0.0f;
                const cv::Vec3f c = color.ptr<cv::Vec3f>(y)[x];
                sum.ptr<cv::Vec4f>(y)[x] = {w * c[0], w * c[1], w * c[2], w};
            }
    });
    std::vector<cv::Mat> pyramid{sum};
    while (std::min(pyramid.back().rows, pyramid.back().cols) > 2) {
        cv::Mat next;
        cv::pyrDown(pyramid.back(), next);
        pyramid.push_back(next);
    }
    cv::Mat filled(pyramid.back().size(), CV_32FC3);
    cv::Scalar mean = cv::mean(pyramid.back());
    const double total = std::max(mean[3], 1e-9);
    filled.setTo(cv::Scalar(mean[0] / total, mean[1] / total, mean[2] / total));
    for (std::size_t i = pyramid.size(); i-- > 0;) {
        const cv::Mat& level = pyramid[i];
        cv::Mat coarse;
        cv::resize(filled, coarse, level.size(), 0, 0, cv::INTER_LINEAR);
        filled.create(level.size(), CV_32FC3);
        for (int y = 0; y < level.rows; ++y)
            for (int x = 0; x < level.cols; ++x) {
                const cv::Vec4f s = level.ptr<cv::Vec4f>(y)[x];
                // A weight of 0.1 already decides; below it the coarser level helps.
                const float trust = std::min(1.0f, 10 * s[3]);
                const cv::Vec3f own = s[3] > 1e-6f ? cv::Vec3f(s[0], s[1], s[2]) / s[3] : cv::Vec3f(0, 0, 0);
                filled.ptr<cv::Vec3f>(y)[x] = trust * own + (1 - trust) * coarse.ptr<cv::Vec3f>(y)[x];
            }
    }
    return filled;
}

cv::Mat polygon_mask(const FaceLandmarks& face, cv::Size size, const Eigen::Vector2f& scale) {
    std::vector<cv::Point> corners;
    for (const mesh::Index index : mesh::oval) {
        const Eigen::Vector2f p = face.point(index).cwiseProduct(scale);
        corners.emplace_back(int(p.x()), int(p.y()));
    }
    cv::Mat mask(size, CV_8U, cv::Scalar(0));
    cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{corners}, cv::Scalar(255));
    return mask;
}

// The network sometimes takes a piece of background for hair (a lamp, a wall in a gap). Such a piece borders on
// background and has colors that the background has ten times as often as the person: it is peeled off, at most
// `depth` deep, above the row `lowest`.
void peel_background(const cv::Mat& small, const cv::Mat& face_mask, float depth, int lowest, cv::Mat& likely) {
    const cv::Mat lab = smooth_lab(small);
    cv::Mat front_weight, back_weight;
    cv::threshold(likely, front_weight, 0.9, 1, cv::THRESH_BINARY);
    cv::threshold(likely, back_weight, 0.1, 1, cv::THRESH_BINARY_INV);
    if (cv::sum(back_weight)[0] < 0.02 * double(likely.total())) return;  // too little to know the background by
    const ColorModel front(lab, front_weight), back(lab, back_weight);
    const cv::Mat person = likely > 0.5f;
    cv::Mat inside;
    cv::distanceTransform(person, inside, cv::DIST_L2, 3);
    // Ears, temples and jaw lie around the face's outline: keep a margin.
    cv::Mat from_face;
    cv::distanceTransform(~face_mask, from_face, cv::DIST_L2, 3);
    const cv::Mat kept = from_face <= std::max(1.5f, 0.25f * depth);
    cv::Mat evidence(small.size(), CV_32F);
    parallel_for(std::size_t(small.rows), 16, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y)
            for (int x = 0; x < small.cols; ++x) {
                const cv::Vec3f c = lab.ptr<cv::Vec3f>(y)[x];
                evidence.ptr<float>(y)[x] = std::log(back(c) / front(c));
            }
    });
    cv::GaussianBlur(evidence, evidence, {5, 5}, 0);
    cv::Mat foreign = (evidence > 2.3f) & (inside < depth) & ~kept & person;
    foreign.rowRange(lowest, foreign.rows).setTo(0);
    cv::morphologyEx(foreign, foreign, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_ELLIPSE, {5, 5}));
    // Joined to the background, not a dark button or an eye.
    const cv::Mat open = foreign | ~person;
    cv::Mat labels;
    const int count = cv::connectedComponents(open, labels, 4, CV_32S);
    std::vector<std::uint8_t> joined(std::size_t(count), 0);
    for (int y = 0; y < open.rows; ++y)
        for (int x = 0; x < open.cols; ++x)
            if (!person.ptr<std::uint8_t>(y)[x]) joined[std::size_t(labels.ptr<int>(y)[x])] = 1;
    for (int y = 0; y < open.rows; ++y)
        for (int x = 0; x < open.cols; ++x)
            if (foreign.ptr<std::uint8_t>(y)[x] && joined[std::size_t(labels.ptr<int>(y)[x])])
                likely.ptr<float>(y)[x] = 0.05f;
}

// Where the network's views do not agree they are believed only near what all take for the person: wisps of hair lie
// there, but a lamp or a chair that some take for a part of it reaches away, or lies apart. Below the row `lowest` is
// the body, which may look like anything.
void drop_doubtful(const cv::Mat& face_mask, float reach, int lowest, cv::Mat& likely) {
    cv::Mat body = likely > 0.5f;
    body.rowRange(0, lowest).setTo(0);
    const cv::Mat certain = (likely > 0.9f) | face_mask | body;
    cv::Mat labels, stats, middles;
    const int count = cv::connectedComponentsWithStats(certain, labels, stats, middles, 8, CV_32S);
    int largest = 0;
    for (int i = 1; i < count; ++i) largest = std::max(largest, stats.at<int>(i, cv::CC_STAT_AREA));
    cv::Mat doubtful(likely.size(), CV_8U), distance;
    for (int y = 0; y < likely.rows; ++y)
        for (int x = 0; x < likely.cols; ++x) {
            const int label = labels.ptr<int>(y)[x];
            // Shoulders that a scarf cuts off from the face are large.
            const bool person = label > 0 && 20 * stats.at<int>(label, cv::CC_STAT_AREA) > largest;
            doubtful.ptr<std::uint8_t>(y)[x] = person ? 0 : 255;
        }
    cv::distanceTransform(doubtful, distance, cv::DIST_L2, 3);
    for (int y = 0; y < likely.rows; ++y)
        for (int x = 0; x < likely.cols; ++x)
            likely.ptr<float>(y)[x] *= 1 - smooth_step(0.5f * reach, reach, distance.ptr<float>(y)[x]);
}

struct Trimap {
    cv::Mat foreground, background;  // CV_8U: certain
};

Trimap make_trimap(const cv::Mat& probability, const cv::Mat& face_mask, float band) {
    cv::Mat person = probability > 0.5f;
    keep_person(person, face_mask, 0.02 * double(cv::countNonZero(person)));
    cv::Mat inner, outer;
    cv::distanceTransform(person, inner, cv::DIST_L2, 3);
    cv::distanceTransform(person == 0, outer, cv::DIST_L2, 3);
    Trimap map;
    // Where the network hesitates the band is up to three times as wide: wisps of hair, blurred shoulders.
    map.foreground = (inner > band) & ((probability > 0.9f) | (inner > 3 * band));
    map.background = (outer > band) & ((probability < 0.08f) | (outer > 3 * band));
    map.foreground |= face_mask;
    map.background &= ~map.foreground;
    return map;
}

// Where a pixel between the certain ones looks for colors: the nearest certain pixel in each of eight directions.
constexpr std::array<std::array<int, 2>, 8> directions = {
    {{1, 0}, {2, 1}, {0, 1}, {-1, 2}, {-1, 0}, {-2, -1}, {0, -1}, {1, -2}}};

struct Candidates {
    std::array<cv::Vec3f, directions.size() + 1> colors;
    std::size_t count = 0;
};

struct Mixture {
    float alpha, trust;  // trust: 0..1, how far the two colors differ
};

// The mixture of a person's and a background's color that explains the pixel best: close to its color, and, as far as
// several do that, close to what the network says (after Wang and Cohen 2007, section 3.1, with the prior instead of
// distances).
Mixture best_mixture(const cv::Vec3f& color, const Candidates& front, const Candidates& back, float prior) {
    // A color is as good as met at 0.025; the prior decides between mixtures that miss it by up to about 0.035 more.
    constexpr float noise = 0.025f, belief = 2.0f;
    float least = 1e30f;
    Mixture best{prior, 0};
    for (std::size_t i = 0; i < front.count; ++i)
        for (std::size_t k = 0; k < back.count; ++k) {
            const cv::Vec3f line = front.colors[i] - back.colors[k], from = color - back.colors[k];
            const float length = line.dot(line);
            const float alpha = std::clamp(from.dot(line) / (length + 1e-4f), 0.0f, 1.0f);
            const cv::Vec3f off = from - alpha * line;
            const float miss = off.dot(off) / (noise * noise);
            const float cost = miss + belief * (alpha - prior) * (alpha - prior);
            if (cost >= least) continue;
            least = cost;
            best = {alpha, length / (length + 0.03f) * std::exp(-0.02f * miss)};
        }
    return best;
}

}  // namespace

Image refine_matte(const Image& picture, const Image& probability, const FaceLandmarks& face,
                   std::span<const FaceLandmarks> others) {
    const cv::Mat color = rgb_view(picture);
    const double ratio = std::min(1.0, double(matte_side) / std::max(picture.width, picture.height));
    const cv::Size size(std::max(8, int(std::lround(picture.width * ratio))),
                        std::max(8, int(std::lround(picture.height * ratio))));
    cv::Mat small;
    cv::resize(color, small, size, 0, 0, cv::INTER_AREA);
    const cv::Mat given(probability.height, probability.width, CV_32F, const_cast<float*>(probability.pixels.data()));
    cv::Mat likely;
    cv::resize(given, likely, size, 0, 0, cv::INTER_LINEAR);
    const Eigen::Vector2f scale(float(size.width) / float(picture.width), float(size.height) / float(picture.height));
    const cv::Mat face_mask = polygon_mask(face, size, scale);
    const float face_size = (face.high - face.low).maxCoeff() * scale.x();
    const float band = std::clamp(0.06f * face_size, 3.0f, 20.0f);
    const float chin = face.point(mesh::chin).y() * scale.y();
    const int body = std::clamp(int(chin + 0.15f * face_size), 0, size.height);  // the row where it begins
    if (!others.empty()) keep_one_person(small, face, others, scale, likely);
    drop_doubtful(face_mask, 0.2f * face_size, body, likely);
    peel_background(small, face_mask, 0.35f * face_size, body, likely);
    const Trimap map = make_trimap(likely, face_mask, band);

    // In the band: alpha from the two colors that the pixel is best mixed of; where that says nothing, the network's.
    const cv::Mat front = spread(small, map.foreground), back = spread(small, map.background);
    cv::Mat alpha(size, CV_32F), weight(size, CV_32F);
    const int farthest = int(4 * band);
    parallel_for(std::size_t(size.height), 16, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y) {
            for (int x = 0; x < size.width; ++x) {
                float& a = alpha.ptr<float>(y)[x];
                float& w = weight.ptr<float>(y)[x];
                if (map.foreground.ptr<std::uint8_t>(y)[x] || map.background.ptr<std::uint8_t>(y)[x]) {
                    a = map.foreground.ptr<std::uint8_t>(y)[x] ? 1.0f : 0.0f;
                    w = 1;
                    continue;
                }
                Candidates person, behind;
                person.colors[person.count++] = front.ptr<cv::Vec3f>(y)[x];
                behind.colors[behind.count++] = back.ptr<cv::Vec3f>(y)[x];
                for (const auto& [dx, dy] : directions)
                    for (int step = 1; step < farthest; ++step) {
                        const int px = x + step * dx, py = y + step * dy;
                        if (px < 0 || py < 0 || px >= size.width || py >= size.height) break;
                        const bool inside = map.foreground.ptr<std::uint8_t>(py)[px];
                        if (!inside && !map.background.ptr<std::uint8_t>(py)[px]) continue;
                        Candidates& side = inside ? person : behind;
                        side.colors[side.count++] = small.ptr<cv::Vec3f>(py)[px];
                        break;
                    }
                const float prior = smooth_step(0.3f, 0.7f, likely.ptr<float>(y)[x]);
                const Mixture mixture = best_mixture(small.ptr<cv::Vec3f>(y)[x], person, behind, prior);
                a = prior + mixture.trust * (mixture.alpha - prior);
                w = 0.1f + 0.9f * mixture.trust;
            }
        }
    });
    const int radius = std::max(2, int(std::lround(0.35f * band)));
    cv::Mat full = guided_filter(color, small, alpha, weight, radius, 2e-4f);

    // Certain stays certain.
    cv::Mat certain_front, certain_back;
    cv::resize(map.foreground, certain_front, color.size(), 0, 0, cv::INTER_LINEAR);
    cv::resize(map.background, certain_back, color.size(), 0, 0, cv::INTER_LINEAR);
    Image matte(picture.width, picture.height, 1);
    cv::Mat result(color.size(), CV_32F, matte.pixels.data());
    parallel_for(std::size_t(result.rows), 32, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y) {
            for (int x = 0; x < result.cols; ++x) {
                float a = std::clamp((full.ptr<float>(y)[x] - 0.06f) / 0.88f, 0.0f, 1.0f);
                const float front_here = float(certain_front.ptr<std::uint8_t>(y)[x]) / 255.0f;
                const float back_here = float(certain_back.ptr<std::uint8_t>(y)[x]) / 255.0f;
                a = std::max(a, front_here);
                a = std::min(a, 1 - back_here);
                result.ptr<float>(y)[x] = a;
            }
        }
    });

    // No islands, no holes: what is not joined to the face goes; enclosed gaps of the person's body close.
    cv::Mat whole = result > 0.3f, face_full;
    cv::resize(face_mask, face_full, color.size(), 0, 0, cv::INTER_NEAREST);
    const cv::Mat before = whole.clone();
    keep_person(whole, face_full, 0.01 * double(cv::countNonZero(whole)));
    result.setTo(0, before & ~whole);
    result.setTo(1, whole & ~before);
    // Faint haze away from the body.
    cv::Mat from_body;
    cv::distanceTransform(~whole, from_body, cv::DIST_L2, 3);
    result.setTo(0, from_body > std::max(1.5f, 0.5f * band / scale.x()));
    return matte;
}

Result<Image> portrait_matte(PersonSegmenter& segmenter, const Image& picture, const FaceLandmarks& face,
                             std::span<const FaceLandmarks> others) {
    if (picture.width < 16 || picture.height < 16)
        return Error{ErrorCode::invalid_argument, "The picture is too small to cut a person out of it.", ""};
    // The network has 256 x 256 pixels: more than this tells nothing more.
    constexpr int side = 320;
    const double ratio = double(side) / std::max(picture.width, picture.height);
    const Result<Image> probability =
        segmenter.probability(picture, face, std::max(8, int(std::lround(picture.width * ratio))),
                              std::max(8, int(std::lround(picture.height * ratio))));
    if (!probability) return probability.error();
    try {
        return refine_matte(picture, *probability, face, others);
    } catch (const cv::Exception& error) {
        return Error{ErrorCode::internal, "Cutting the person out of the picture failed.", error.what()};
    }
}

}  // namespace likeness
