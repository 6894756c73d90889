// A network that learns inside a training step, on LibTorch (core/learning/texture_network.h).
#include "core/learning/texture_network.h"
#include "core/networks/torch_library.h"
#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

class NetworkInEngineTest : public TrainingEngineTest {
  protected:
    void SetUp() override {
        TrainingEngineTest::SetUp();
        if (IsSkipped()) return;
        const Result<const LikenessTorchFunctions*> torch = torch_functions();
        if (!torch) GTEST_SKIP() << torch.error().message;
        gpu_ = make_engine()->name() == "cuda";
        if (gpu_ && (*torch)->gpus() == 0) GTEST_SKIP() << "LibTorch was installed without a GPU's libraries";
        for (const auto& place : avatar_.splats->atlas) {
            positions_.push_back(place[0]);
            positions_.push_back(place[1]);
        }
        // The picture: the avatar in other colors.
        Avatar painted = avatar_;
        std::vector<float>& albedo = painted.splats.edit().albedo;
        for (std::size_t i = 0; i < painted.splats->count; ++i)
            for (std::size_t c = 0; c < 3; ++c)
                albedo[3 * i + c] =
                    0.5f + 0.4f * std::sin(9 * positions_[2 * i] + 7 * positions_[2 * i + 1] + float(c));
        view_.camera = camera_of(avatar_, 0, 64);
        view_.pose = HeadPose::neutral(*avatar_.model);
        view_.target = picture_of(render(painted, view_.pose, view_.camera));
    }
    std::unique_ptr<TrainingEngine> engine_with_network(const std::vector<float>& start = {}) {
        TextureNetworkOptions options;
        options.gpu = gpu_;
        options.size = 32;
        options.width = 8;
        options.start = start;
        auto network = make_texture_network(positions_, options);
        if (!network.ok()) throw std::runtime_error(network.error().message + network.error().detail);
        return engine_with(avatar_, {view_}, {}, {}, {*network});
    }

    Avatar avatar_ = ball_avatar(4, 1500, false);
    std::vector<float> positions_;
    TrainingView view_;
    bool gpu_ = false;
};

TEST_F(NetworkInEngineTest, learns_a_picture_through_the_rasterizer) {
    view_.weights = {.l1 = 1, .dssim = 0, .alpha = 0};
    const auto engine = engine_with_network();
    EXPECT_EQ(engine->groups(), std::vector<std::string>{"texture_network"});
    const double first = total_of(engine->gradients(first_views(1), grey).loss);
    for (int step = 0; step < 200; ++step) engine->step(first_views(1), grey);
    const double last = total_of(engine->gradients(first_views(1), grey).loss);
    EXPECT_LT(last, first / 3);
    EXPECT_TRUE(same(engine->splats(), *avatar_.splats)) << "nothing else moved";
}

// Along the steepest way, and along the slope of each layer's first and last parameters.
TEST_F(NetworkInEngineTest, gradients_are_slopes_of_the_loss) {
    view_.weights = {.l1 = 0, .dssim = 1, .alpha = 0};  // smooth
    const auto trained = engine_with_network();
    for (int step = 0; step < 20; ++step) trained->step(first_views(1), grey);
    const std::vector<float> start = trained->values("texture_network");
    const auto at = [&](const std::vector<float>& values) {
        return engine_with_network(values)->gradients(first_views(1), grey);
    };
    const std::vector<float> by = at(start).by_group.at("texture_network");
    ASSERT_EQ(by.size(), start.size());
    const auto slope = [&](const std::vector<float>& way, double distance) {
        const auto loss_at = [&](double t) {
            std::vector<float> moved = start;
            for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += float(t * double(way[i]));
            return total_of(at(moved).loss);
        };
        return (loss_at(distance) - loss_at(-distance)) / (2 * distance);
    };
    const double norm = norm_of(by);
    ASSERT_GT(norm, 0);
    std::vector<float> steepest = by;
    for (float& value : steepest) value /= float(norm);
    EXPECT_NEAR(slope(steepest, 0.001), norm, 0.02 * norm);
    for (std::size_t part = 0; part < 8; ++part) {  // an eighth of the parameters at a time
        std::vector<float> way(by.size(), 0);
        const std::size_t begin = part * by.size() / 8, end = (part + 1) * by.size() / 8;
        std::copy(by.begin() + std::ptrdiff_t(begin), by.begin() + std::ptrdiff_t(end),
                  way.begin() + std::ptrdiff_t(begin));
        const double length = norm_of(way);
        if (length < 0.02 * norm) continue;  // lost in the loss's own rounding
        for (float& value : way) value /= float(length);
        EXPECT_NEAR(slope(way, 0.002), length, 0.05 * length) << part;
    }
}

TEST_F(NetworkInEngineTest, the_same_seed_gives_the_same_network) {
    if (gpu_) GTEST_SKIP() << "a GPU adds in no fixed order";
    const auto values = [&] {
        const auto engine = engine_with_network();
        for (int step = 0; step < 5; ++step) engine->step(first_views(1), grey);
        return engine->values("texture_network");
    };
    EXPECT_EQ(values(), values());
}

TEST_F(NetworkInEngineTest, what_does_not_fit_is_refused) {
    EXPECT_FALSE(make_texture_network(positions_, {.gpu = gpu_, .size = 30}).ok());
    EXPECT_FALSE(make_texture_network({}, {.gpu = gpu_}).ok());
    EXPECT_FALSE(make_texture_network(positions_, {.gpu = gpu_, .start = {1, 2, 3}}).ok());
    const auto engine = engine_with_network();
    engine->load_splats(*ball_avatar(5, 700, false).splats);
    EXPECT_THROW(engine->gradients(first_views(1), grey), std::invalid_argument);
}

}  // namespace
}  // namespace likeness::test
