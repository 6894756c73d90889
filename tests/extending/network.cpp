// A network: a .tflite file through LiteRtNetwork, a user's TorchScript file through TorchScriptNetwork; or another
// run-time, as a class of Network (1). Who calls it holds a Network and borrows it from a Pool where several want it
// (2).
#include "core/networks/network.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/pool.h"

namespace likeness {
namespace {

// Mixes a picture with its mean by a strength: two inputs, one output, any size.
class Fade final : public Network {
  public:
    static Result<std::unique_ptr<Network>> load(const std::string& name, std::span<const std::uint8_t> content) {
        return std::unique_ptr<Network>(new Fade(name, version_of(content)));
    }
    const std::vector<TensorShape>& inputs() const override { return inputs_; }
    const std::vector<TensorShape>& outputs() const override { return outputs_; }
    Status run(std::span<const NetworkBuffer> inputs, std::span<const NetworkBuffer> outputs,
               const Progress*) override {
        if (Status fits = check_views(name(), inputs, inputs_); !fits) return fits;
        if (Status fits = check_views(name(), outputs, outputs_); !fits) return fits;
        const NetworkBuffer &from = inputs[0], &to = outputs[0];
        if (from.dimensions != to.dimensions)
            return Error{ErrorCode::invalid_argument,
                         "The network '" + name() + "' gives pictures of its input's size.", ""};
        float mean = 0;
        for (std::size_t i = 0; i < from.size(); ++i) mean += from.data[i] / float(from.size());
        const float strength = inputs[1].data[0];
        for (std::size_t i = 0; i < to.size(); ++i) to.data[i] = from.data[i] + strength * (mean - from.data[i]);
        return {};
    }

  private:
    Fade(std::string name, std::string version) : Network(std::move(name), std::move(version), {}) {}
    const std::vector<TensorShape> inputs_ = {{"picture", {}}, {"strength", {1}}}, outputs_ = {{"faded", {}}};
};

TEST(Extending, ANetwork) {
    Pool<std::unique_ptr<Network>> pool([] { return Fade::load("fade", {}); });
    const auto network = pool.borrow();
    ASSERT_TRUE(network);
    std::vector<float> picture = {0, 1, 0, 1}, faded(4);
    float strength = 0.5f;
    const NetworkBuffer inputs[] = {{"picture", {2, 2}, picture.data()}, {"strength", {1}, &strength}};
    const NetworkBuffer outputs[] = {{"faded", {2, 2}, faded.data()}};
    ASSERT_TRUE((***network).run(inputs, outputs));
    EXPECT_EQ(faded, (std::vector<float>{0.25f, 0.75f, 0.25f, 0.75f}));
    const NetworkBuffer wrong[] = {{"picture", {2, 2}, picture.data()}, {"strength", {2}, picture.data()}};
    EXPECT_FALSE((***network).run(wrong, outputs));
}

}  // namespace
}  // namespace likeness
