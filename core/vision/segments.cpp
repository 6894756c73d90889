#include "core/vision/segments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <span>

#include "core/base/parallel.h"
#include "core/vision/color_model.h"
#include "core/vision/guided_filter.h"
#include "core/vision/mesh_indices.h"

namespace likeness {

namespace {

constexpr int segments_side = 400;
constexpr int kinds = 3;  // skin, hair, clothes
constexpr int rounds = 4;
// Clothes may have any color besides their main ones (a shirt under a jacket), hair some, skin none.
constexpr std::array<float, kinds> unseen = {0.01f, 0.03f, 0.15f};
using Shares = cv::Vec3f;

// Coordinates of the head: origin in the middle of the face's outline, x towards the person's left, y from forehead to
// chin, the face's height 1.
struct HeadFrame {
    Eigen::Vector2f origin, right, down;
    std::vector<Eigen::Vector2f> oval;

    HeadFrame(const FaceLandmarks& face, const Eigen::Vector2f& scale) {
        const auto at = [&](mesh::Index index) -> Eigen::Vector2f { return face.point(index).cwiseProduct(scale); };
        const Eigen::Vector2f top = at(mesh::forehead_top), chin = at(mesh::chin);
        const float height = std::max((chin - top).norm(), 1.0f);
        const Eigen::Vector2f level = at(mesh::left_eye_outer) - at(mesh::right_eye_outer);
        right = level.normalized() / height;
        down = Eigen::Vector2f(-right.y(), right.x());
        origin = (top + chin) / 2;
        for (const mesh::Index index : mesh::oval) oval.push_back(at(index));
    }
    Eigen::Vector2f operator()(float x, float y) const {
        const Eigen::Vector2f p = Eigen::Vector2f(x, y) - origin;
        return {p.dot(right), p.dot(down)};
    }
};

float ramp(float low, float high, float x) { return std::clamp((x - low) / (high - low), 0.0f, 1.0f); }

// How likely skin, hair and clothes are at a place of the head's frame, before any color is seen. `depth`: distance to
// the face's outline in face heights, positive inside.
Shares prior_at(const Eigen::Vector2f& p, float depth) {
    const float side = std::abs(p.x()), y = p.y();
    if (depth > 0) {
        // Fringes hang into the forehead, strands over the cheeks' rims; all else in the outline is face.
        const float fringe = 0.4f * (1 - ramp(-0.5f, -0.3f, y));
        const float rim = 0.25f * (1 - ramp(0.0f, 0.06f, depth)) * (1 - ramp(0.1f, 0.3f, y));
        const float hair = std::max({fringe, rim, 0.01f});
        return {1 - hair, hair, 0.002f};
    }
    const float below = ramp(0.35f, 0.6f, y);  // 0 beside the head, 1 below the chin
    const float ear = (1 - ramp(0.40f, 0.56f, side)) * ramp(-0.3f, -0.12f, y) * (1 - ramp(0.15f, 0.3f, y));
    const float neck = (1 - ramp(0.22f, 0.45f, side)) * (1 - ramp(0.8f, 1.2f, y));
    const float skin = (1 - below) * (0.12f + 0.5f * ear) + below * (0.16f + 0.65f * neck);
    const float hair = (1 - below) * (0.85f - 0.5f * ear) +
                       below * (0.5f * ramp(0.2f, 0.42f, side) + 0.02f) * (1 - 0.9f * ramp(1.0f, 2.0f, y));
    const float clothes =
        (1 - below) * 0.02f * ramp(0.0f, 0.3f, y) + below * (0.08f + 0.9f * ramp(0.7f, 1.3f, y + side));
    const float total = skin + hair + clothes + 1e-6f;
    return {skin / total, hair / total, clothes / total};
}

cv::Mat rgb_of(const Image& picture) {
    const cv::Mat all(picture.height, picture.width, CV_32FC(picture.channels),
                      const_cast<float*>(picture.pixels.data()));
    if (picture.channels == 3) return all;
    cv::Mat rgb;
    cv::cvtColor(all, rgb, picture.channels == 1 ? cv::COLOR_GRAY2RGB : cv::COLOR_RGBA2RGB);
    return rgb;
}

void fill(cv::Mat& mask, const FaceLandmarks& face, std::span<const mesh::Index> contour, const Eigen::Vector2f& scale,
          double value) {
    std::vector<cv::Point> corners;
    for (const mesh::Index index : contour) {
        const Eigen::Vector2f p = face.point(index).cwiseProduct(scale);
        corners.emplace_back(int(p.x()), int(p.y()));
    }
    cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{corners}, cv::Scalar(value));
}

// Expectation maximisation over three color histograms with fixed places: each round weighs the pixels of a model by
// how surely they belong to it.
class PersonModel {
  public:
    PersonModel(const cv::Mat& rgb, const cv::Mat& alpha, const FaceLandmarks& face, const Eigen::Vector2f& scale)
        : alpha_(alpha), prior_(rgb.size(), CV_32FC3), shares_(rgb.size(), CV_32FC3) {
        lab_ = smooth_lab(rgb);
        everything_ = std::make_unique<ColorModel>(lab_, alpha_);
        place(face, scale);
        seed(face, scale);
    }

    // Shares of skin, hair and clothes in each pixel, CV_32FC3.
    cv::Mat run() {
        for (int round = 0; round < rounds; ++round) {
            learn(round);
            judge();
            join_hair();
        }
        return shares_;
    }

  private:
    void place(const FaceLandmarks& face, const Eigen::Vector2f& scale) {
        const HeadFrame frame(face, scale);
        const float height = 1 / frame.right.norm();
        cv::Mat oval(lab_.size(), CV_8U, cv::Scalar(0));
        fill(oval, face, mesh::oval, scale, 255);
        cv::Mat inner, outer;
        cv::distanceTransform(oval, inner, cv::DIST_L2, 3);
        cv::distanceTransform(oval == 0, outer, cv::DIST_L2, 3);
        depth_ = (inner - outer) / height;
        down_.create(lab_.size(), CV_32F);
        for (int y = 0; y < lab_.rows; ++y)
            for (int x = 0; x < lab_.cols; ++x) {
                const Eigen::Vector2f p = frame(float(x) + 0.5f, float(y) + 0.5f);
                prior_.ptr<Shares>(y)[x] = prior_at(p, depth_.ptr<float>(y)[x]);
                down_.ptr<float>(y)[x] = p.y();
            }
    }

    void seed(const FaceLandmarks& face, const Eigen::Vector2f& scale) {
        bare_face_ = depth_ > 0.06f;
        bare_face_.setTo(0, down_ < -0.2f);  // below the brows: no fringe
        for (const auto& contour :
             {std::span<const mesh::Index>(mesh::right_lids), std::span<const mesh::Index>(mesh::left_lids),
              std::span<const mesh::Index>(mesh::lips_outer), std::span<const mesh::Index>(mesh::right_brow),
              std::span<const mesh::Index>(mesh::left_brow)})
            fill(bare_face_, face, contour, scale, 0);
        shares_ = prior_.clone();
        find_skin_tone();
    }

    // Light scales L, a and b alike, so a / L and b / L tell skin on the forehead, the crown and the shoulders from the
    // bare face's alone; hair of the same hue is darker.
    void find_skin_tone() {
        std::vector<float> tones[3];
        for (int y = 0; y < lab_.rows; ++y)
            for (int x = 0; x < lab_.cols; ++x) {
                if (!bare_face_.ptr<std::uint8_t>(y)[x]) continue;
                const cv::Vec3f c = lab_.ptr<cv::Vec3f>(y)[x];
                tones[0].push_back(c[0]);
                for (int k = 1; k < 3; ++k) tones[k].push_back(c[k] / std::max(c[0], 5.0f));
            }
        if (tones[0].size() < 16) return;
        for (int k = 0; k < 3; ++k) {
            const auto middle = tones[k].begin() + std::ptrdiff_t(tones[k].size() / 2);
            std::nth_element(tones[k].begin(), middle, tones[k].end());
            tone_[k] = *middle;
            for (float& t : tones[k]) t = std::abs(t - tone_[k]);
            std::nth_element(tones[k].begin(), middle, tones[k].end());
            spread_[k] = std::max(1.5f * *middle, 0.035f);
        }
    }
    // Along the tone's own hue and across it, in its spread. Shadows and colored light make skin more, not less
    // colorful.
    cv::Vec2f tone_offset(const cv::Vec3f& c) const {
        const float l = std::max(c[0], 5.0f), strength = std::hypot(tone_[1], tone_[2]);
        const float a = c[1] / l - tone_[1], b = c[2] / l - tone_[2];
        if (strength < 0.05f) return {a / spread_[1], b / spread_[2]};  // a grey picture
        const float width = std::max(spread_[1], spread_[2]);
        const float along = (a * tone_[1] + b * tone_[2]) / strength / width;
        return {along > 0 ? 0.4f * along : along, (a * tone_[2] - b * tone_[1]) / strength / width};
    }
    float skin_likeness(const cv::Vec3f& c) const {
        const cv::Vec2f offset = tone_offset(c);
        return std::exp(-0.25f * offset.dot(offset)) * ramp(0.45f, 0.7f, c[0] / std::max(tone_[0], 5.0f));
    }
    // 1 for colors that no light makes of this skin: a white collar, a blue scarf.
    float not_skin(const cv::Vec3f& c) const {
        if (std::hypot(tone_[1], tone_[2]) < 0.1f || c[0] < 15) return 0;
        const cv::Vec2f offset = tone_offset(c);
        return ramp(2.5f, 5.0f, std::sqrt(offset.dot(offset)));
    }

    // How much of a pixel teaches model `kind`.
    float lesson(int kind, int round, int x, int y) const {
        if (alpha_.ptr<float>(y)[x] <= 0.9f) return 0;
        const float share = shares_.ptr<Shares>(y)[x][kind];
        const bool inside = depth_.ptr<float>(y)[x] > 0, bare = bare_face_.ptr<std::uint8_t>(y)[x] != 0;
        const float skin = skin_likeness(lab_.ptr<cv::Vec3f>(y)[x]);
        float weight = share * share;
        if (kind == 0) {  // not lips, brows or spectacles
            if (bare) return 1;
            return (inside || round == 0 ? skin * skin : 1.0f) * (round == 0 ? share : weight);
        }
        if (round > 0) return weight;
        // At first place alone would teach a bald crown or a bare shoulder as hair or clothes.
        if (inside) return 0;
        weight *= (1 - skin) * (1 - skin);
        if (kind == 2) {
            const cv::Vec3f c = lab_.ptr<cv::Vec3f>(y)[x];
            const float hair = models_[1](c) / (*everything_)(c);
            weight /= 1 + hair * hair;
        }
        return weight;
    }

    void learn(int round) {
        models_.clear();
        for (int k = 0; k < kinds; ++k) {
            cv::Mat weights(lab_.size(), CV_32F);
            parallel_for(std::size_t(lab_.rows), 16, [&](std::size_t begin, std::size_t end) {
                for (int y = int(begin); y < int(end); ++y)
                    for (int x = 0; x < lab_.cols; ++x) weights.ptr<float>(y)[x] = lesson(k, round, x, y);
            });
            models_.emplace_back(lab_, weights, unseen[std::size_t(k)]);
            // A kind with next to no pixels (a bald head's hair) must not win by a histogram made of noise.
            mass_[std::size_t(k)] = float(cv::sum(weights)[0]) / float(lab_.total());
        }
    }

    void judge() {
        parallel_for(std::size_t(lab_.rows), 16, [&](std::size_t begin, std::size_t end) {
            for (int y = int(begin); y < int(end); ++y)
                for (int x = 0; x < lab_.cols; ++x) {
                    const cv::Vec3f color = lab_.ptr<cv::Vec3f>(y)[x];
                    Shares prior = prior_.ptr<Shares>(y)[x];
                    if (depth_.ptr<float>(y)[x] < 0) prior[0] *= 1 - 0.9f * not_skin(color);
                    std::array<float, kinds> likelihood{};
                    float best = 0;
                    for (std::size_t k = 0; k < kinds; ++k) {
                        likelihood[k] = models_[k](color) * ramp(0.0f, 0.003f, mass_[k]);
                        best = std::max(best, likelihood[k]);
                    }
                    // Color may outweigh place by 30 to 1, in the face's outline by 8 to 1 (beards, make-up, shadows).
                    const float floor = best / (depth_.ptr<float>(y)[x] > 0.03f ? 8.0f : 30.0f);
                    Shares share;
                    float total = 1e-20f;
                    for (int k = 0; k < kinds; ++k) {
                        share[k] = prior[k] * std::max(likelihood[std::size_t(k)], floor);
                        total += share[k];
                    }
                    shares_.ptr<Shares>(y)[x] = share / total;
                }
        });
        // Neighbours agree: a soft vote among near pixels before the next round learns.
        cv::GaussianBlur(shares_, shares_, {0, 0}, 1.5);
    }

    // Hair hangs from the head: what looks like it below the ears without a way up through hair is a collar or a
    // shadow.
    void join_hair() {
        cv::Mat hair(lab_.size(), CV_8U);
        for (int y = 0; y < lab_.rows; ++y)
            for (int x = 0; x < lab_.cols; ++x)
                hair.ptr<std::uint8_t>(y)[x] = shares_.ptr<Shares>(y)[x][1] > 0.4f && alpha_.ptr<float>(y)[x] > 0.3f;
        cv::Mat labels;
        const int count = cv::connectedComponents(hair, labels, 4, CV_32S);
        std::vector<std::uint8_t> joined(std::size_t(count), 0);
        for (int y = 0; y < lab_.rows; ++y)
            for (int x = 0; x < lab_.cols; ++x)
                if (down_.ptr<float>(y)[x] < -0.15f) joined[std::size_t(labels.ptr<int>(y)[x])] = 1;
        joined[0] = 0;
        for (int y = 0; y < lab_.rows; ++y)
            for (int x = 0; x < lab_.cols; ++x) {
                if (joined[std::size_t(labels.ptr<int>(y)[x])] || down_.ptr<float>(y)[x] < 0.25f) continue;
                Shares& share = shares_.ptr<Shares>(y)[x];
                const float taken = 0.8f * share[1], others = share[0] + share[2] + 1e-6f;
                share[1] -= taken;
                const float skin = taken * share[0] / others;
                share[0] += skin;
                share[2] += taken - skin;
            }
    }

    cv::Mat alpha_, lab_, prior_, shares_, depth_, down_, bare_face_;
    std::unique_ptr<ColorModel> everything_;  // of the whole person
    std::vector<ColorModel> models_;
    std::array<float, kinds> mass_{};
    cv::Vec3f tone_{60, 0.2f, 0.2f}, spread_{1, 0.1f, 0.1f};  // L, a / L and b / L of the bare face
};

}  // namespace

Result<Segments> segment_person(const Image& picture, const Image& alpha, const FaceLandmarks& face) {
    if (picture.width < 16 || picture.height < 16 || alpha.width != picture.width || alpha.height != picture.height ||
        alpha.channels != 1)
        return Error{ErrorCode::invalid_argument, "The picture and its matte do not fit each other.", ""};
    try {
        const cv::Mat color = rgb_of(picture);
        const cv::Mat cover(alpha.height, alpha.width, CV_32F, const_cast<float*>(alpha.pixels.data()));
        const double ratio = std::min(1.0, double(segments_side) / std::max(picture.width, picture.height));
        const cv::Size size(std::max(8, int(std::lround(picture.width * ratio))),
                            std::max(8, int(std::lround(picture.height * ratio))));
        cv::Mat small, small_alpha;
        cv::resize(color, small, size, 0, 0, cv::INTER_AREA);
        cv::resize(cover, small_alpha, size, 0, 0, cv::INTER_AREA);
        const Eigen::Vector2f scale(float(size.width) / float(picture.width),
                                    float(size.height) / float(picture.height));
        cv::Mat shares[kinds];
        cv::split(PersonModel(small, small_alpha, face, scale).run(), shares);

        const float face_size = (face.high - face.low).maxCoeff() * scale.x();
        const int radius = std::max(2, int(std::lround(0.03f * face_size)));
        const cv::Mat weight = small_alpha + 0.01;
        const cv::Mat skin = guided_filter(color, small, shares[0], weight, radius, 1e-3f);
        const cv::Mat hair = guided_filter(color, small, shares[1], weight, radius, 1e-3f);

        Segments result;
        result.width = picture.width;
        result.height = picture.height;
        result.label.resize(std::size_t(picture.width) * std::size_t(picture.height));
        result.skin_probability = Image(picture.width, picture.height, 1);
        result.hair_probability = result.skin_probability;
        result.clothes_probability = result.skin_probability;
        parallel_for(result.label.size(), 1u << 14, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const float a = alpha.pixels[i];
                float s = std::clamp(skin.ptr<float>()[i], 0.0f, 1.0f),
                      h = std::clamp(hair.ptr<float>()[i], 0.0f, 1.0f);
                const float total = std::max(1.0f, s + h);
                s /= total;
                h /= total;
                const float c = std::max(0.0f, 1 - s - h);
                result.skin_probability.pixels[i] = a * s;
                result.hair_probability.pixels[i] = a * h;
                result.clothes_probability.pixels[i] = a * c;
                const Segment kind = s >= h && s >= c ? Segment::skin : h >= c ? Segment::hair : Segment::clothes;
                result.label[i] = std::uint8_t(a < 0.5f ? Segment::background : kind);
            }
        });
        return result;
    } catch (const cv::Exception& error) {
        return Error{ErrorCode::internal, "Telling skin, hair and clothes apart failed.", error.what()};
    }
}

}  // namespace likeness
