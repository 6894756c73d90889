// What a step does over parameter groups on the GPU, kernel by kernel, against double precision.
#include "likeness/cuda/group_step.h"

#include "core/learning/group_table.h"
#include "likeness/cuda/device_avatar.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {
namespace {

// A group in host and device memory, and the published algorithm (Kingma and Ba 2015) beside it.
struct Group {
    ParameterGroup about;
    std::size_t rows = 0;  // of views: how many there are
    cuda::DeviceBuffer<float> values, first, second, centre, gradients, low, high;
    std::vector<double> expected, m, v;
    std::vector<int> view_steps;

    Group(cudaStream_t stream, ParameterGroup group, std::size_t views, std::size_t batch)
        : about(std::move(group)),
          values(stream),
          first(stream),
          second(stream),
          centre(stream),
          gradients(stream),
          low(stream),
          high(stream),
          view_steps(views, 0) {
        std::vector<float> start = about.values, from = about.prior.centre.empty() ? about.values : about.prior.centre;
        if (of_views())
            for (std::size_t k = 1; k < views; ++k) {
                start.insert(start.end(), about.values.begin(), about.values.end());
                from.insert(from.end(), from.begin(), from.begin() + std::ptrdiff_t(about.width));
            }
        rows = start.size() / about.width;
        values.upload(start);
        centre.upload(from);
        for (auto* moments : {&first, &second}) moments->upload(std::vector<float>(start.size(), 0.0f));
        gradients.resize((of_views() ? batch : rows) * about.width);
        expected.assign(start.begin(), start.end());
        m.assign(start.size(), 0.0);
        v = m;
        if (about.low.size() > 1) {
            low.upload(about.low);
            high.upload(about.high);
        }
    }
    bool of_views() const { return about.clock == StepClock::views; }
    cuda::DeviceGroup device(int step, bool on_surface = false) {
        cuda::DeviceGroup g;
        g.step = step;
        g.count = unsigned(gradients.size());
        g.width = unsigned(about.width);
        g.values = values.data();
        g.first_moments = first.data();
        g.second_moments = second.data();
        g.centre = centre.data();
        g.gradients = gradients.data();
        g.of_views = of_views();
        g.on_surface = on_surface;
        if (low.size() > 0) {
            g.low = low.data();
            g.high = high.data();
        }
        return g;
    }
    // Adam's step `t`, or of the views' own.
    void step(const std::vector<float>& by, int t, const std::vector<int>& batch, bool rests) {
        if (rests) return;
        if (of_views())
            for (const int view : batch) ++view_steps[std::size_t(view)];
        for (std::size_t i = 0; i < by.size(); ++i) {
            std::size_t at = i;
            int clock = t;
            if (of_views()) {
                const auto view = std::size_t(batch[i / about.width]);
                at = view * about.width + i % about.width;
                clock = view_steps[view];
            }
            const double g = double(by[i]), beta1 = double(adam_beta1), beta2 = double(adam_beta2);
            m[at] = beta1 * m[at] + (1 - beta1) * g;
            v[at] = beta2 * v[at] + (1 - beta2) * g * g;
            const double first_moment = m[at] / (1 - std::pow(beta1, clock)),
                         second_moment = v[at] / (1 - std::pow(beta2, clock));
            expected[at] -= double(about.rate) * first_moment / (std::sqrt(second_moment) + double(adam_epsilon));
            const auto bound = [&](const std::vector<float>& bounds, double none) {
                return bounds.empty() ? none : double(bounds[bounds.size() == 1 ? 0 : at % about.width]);
            };
            expected[at] = std::clamp(expected[at], bound(about.low, -HUGE_VAL), bound(about.high, HUGE_VAL));
        }
    }
};

class GroupStepTest : public GpuTest {
  protected:
    void SetUp() override {
        GpuTest::SetUp();
        if (IsSkipped()) return;
        buffers_.emplace(stream());
    }
    struct Memory {
        explicit Memory(cudaStream_t stream)
            : state(stream, 1), terms(stream, cuda::most_batch_views), sums(stream, 2), counters(stream, 1),
              view_steps(stream, 8), broken(stream, 1), reports(stream, 4) {
            terms.fill_zero();
            sums.fill_zero();
            counters.fill_zero();
            view_steps.fill_zero();
            broken.fill_zero();
            reports.fill_zero();
        }
        cuda::DeviceBuffer<cuda::StepState> state;
        cuda::DeviceBuffer<cuda::LossTerms> terms;
        cuda::DeviceBuffer<double> sums;
        cuda::DeviceBuffer<cuda::RasterCounters> counters;
        cuda::DeviceBuffer<int> view_steps;
        cuda::DeviceBuffer<unsigned> broken;
        cuda::DeviceBuffer<cuda::StepReport> reports;
    };
    Memory& memory() { return *buffers_; }
    cuda::StepBuffers buffers() {
        cuda::StepBuffers b;
        b.state = memory().state.data();
        b.terms = memory().terms.data();
        b.sums = memory().sums.data();
        b.counters = memory().counters.data();
        b.view_steps = memory().view_steps.data();
        b.broken = memory().broken.data();
        b.reports = memory().reports.data();
        return b;
    }

  private:
    std::optional<Memory> buffers_;
};

TEST_F(GroupStepTest, several_groups_follow_adam) {
    Random random(8);
    constexpr std::size_t views = 5;
    const std::vector<std::vector<int>> batches = {{0, 3}, {3, 1}, {4, 0}};
    std::vector<ParameterGroup> abouts = {{"many", 3, random.normals(3000), 1e-3f},
                                          {"one", 1, random.normals(1), 0.1f},
                                          {"block", 4, random.normals(4096), 5e-2f},
                                          {"none", 1, {}, 1},
                                          {"bounded", 7, random.normals(777), 1e-2f},
                                          {"columns", 2, random.normals(600), 5e-2f},
                                          {"rests", 1, random.normals(300), 0.1f},
                                          {"views", 3, random.normals(3), 2e-2f}};
    abouts[4].low = {-0.5f};
    abouts[4].high = {0.75f};
    abouts[5].low = {-0.5f, -unbounded};
    abouts[5].high = {unbounded, 0.25f};
    abouts[7].clock = StepClock::views;
    GroupTable table;
    std::vector<std::unique_ptr<Group>> groups;
    for (const ParameterGroup& about : abouts) {
        table.add(about, about.name == "rests");
        groups.push_back(std::make_unique<Group>(stream(), about, views, 2));
    }
    cuda::StepSettings settings;
    settings.batch = 2;
    for (int step = 1; step <= 20; ++step) {
        const std::vector<int>& batch = batches[std::size_t(step) % batches.size()];
        const bool colors_only = step % 4 == 0;
        cuda::StepState state;
        state.report = unsigned(step % 4);
        std::vector<cuda::DeviceGroup> device;
        for (std::size_t k = 0; k < groups.size(); ++k) {
            state.groups[k] = table.step_of(int(k), 1, 2, 1, colors_only);
            const std::vector<float> gradient = random.normals(groups[k]->gradients.size());
            groups[k]->gradients.upload(gradient);
            groups[k]->step(gradient, step, batch, colors_only && abouts[k].name == "rests");
            device.push_back(groups[k]->device(int(k)));
        }
        for (std::size_t f = 0; f < 2; ++f) state.views[f] = batch[f];
        cuda::set_step(memory().state.data(), state, stream());
        cuda::DeviceBuffer<float> gathered(stream(), 6);
        const cuda::RowTask task{groups[7]->values.data(), gathered.data(), 3};
        const std::vector<float> rows = groups[7]->values.download();
        cuda::gather_rows(&task, 1, 2, memory().state.data(), memory().view_steps.data(), stream());
        const std::vector<float> got = gathered.download();
        for (std::size_t i = 0; i < 6; ++i) ASSERT_EQ(got[i], rows[std::size_t(batch[i / 3]) * 3 + i % 3]) << step;
        cuda::add_priors(settings, device.data(), int(device.size()), buffers(), stream());
        cuda::update_groups(settings, device.data(), int(device.size()), buffers(), stream());
        table.count_step();
    }
    for (const auto& group : groups) {
        EXPECT_LT(relative_distance(group->values.download(), group->expected), 1e-5) << group->about.name;
        EXPECT_LT(relative_distance(group->first.download(), group->m), 1e-5) << group->about.name;
        EXPECT_LT(relative_distance(group->second.download(), group->v), 1e-5) << group->about.name;
    }
    std::vector<int> counted = memory().view_steps.download();
    counted.resize(views);
    EXPECT_EQ(counted, groups[7]->view_steps);
    EXPECT_EQ(memory().broken.download()[0], 0u);
}

TEST_F(GroupStepTest, priors_are_their_formulas) {
    const Avatar avatar = test::ball_avatar(3, 10, true);
    const auto vertices = std::size_t(avatar.neutral().cols());
    Random random(9);
    ParameterGroup squared{"squared", 3, random.normals(3 * vertices), 0.1f};
    squared.prior = {0.4f, 0.5f, Norm::squared, random.normals(3 * vertices)};
    squared.prior.smooth = 0.7f;
    ParameterGroup absolute{"absolute", 2, random.normals(200), 0.1f};
    absolute.prior = {0.3f, 0.1f, Norm::absolute, random.normals(200)};
    for (std::size_t i = 0; i < 200; i += 5) absolute.prior.centre[i] = absolute.values[i];
    ParameterGroup of_views{"views", 2, random.normals(2), 0.1f};
    of_views.clock = StepClock::views;
    of_views.prior = {0.6f, 1, Norm::squared, {0.1f, -0.2f}};
    std::vector<std::unique_ptr<Group>> groups;
    GroupTable table;
    cuda::DeviceSurface surface(stream());
    surface.load(avatar);
    cuda::StepState state;
    state.views[0] = 3;
    state.views[1] = 1;
    std::vector<cuda::DeviceGroup> device;
    const std::size_t pairs = 3 * avatar.triangles().size();
    for (const ParameterGroup& about : {squared, absolute, of_views}) {
        const int k = table.add(about);
        groups.push_back(std::make_unique<Group>(stream(), about, 5, 2));
        groups.back()->gradients.upload(std::vector<float>(groups.back()->gradients.size(), 0.25f));
        device.push_back(groups.back()->device(k, k == 0));
        state.groups[k] = table.step_of(k, 1, 2, pairs, false);
    }
    cuda::set_step(memory().state.data(), state, stream());
    cuda::StepSettings settings;
    settings.batch = 2;
    settings.surface = surface.arrays();
    cuda::add_priors(settings, device.data(), int(device.size()), buffers(), stream());

    double energy = 0;
    std::vector<double> by_squared(3 * vertices, 0.25), by_absolute(200, 0.25), by_views(4, 0.25);
    for (std::size_t i = 0; i < by_squared.size(); ++i) {
        const double d = double(squared.values[i]) - double(squared.prior.centre[i]), w = 0.4 / (0.25 * double(vertices));
        energy += w * d * d;
        by_squared[i] += 2 * w * d;
    }
    for (const Eigen::Vector3i& t : avatar.triangles())
        for (int k = 0; k < 3; ++k)
            for (std::size_t c = 0; c < 3; ++c) {
                const std::size_t a = std::size_t(t[k]) * 3 + c, b = std::size_t(t[(k + 1) % 3]) * 3 + c;
                const double d = double(squared.values[a]) - double(squared.values[b]), w = 0.7 / (0.25 * double(pairs));
                energy += w * d * d;
                by_squared[a] += 2 * w * d;
                by_squared[b] -= 2 * w * d;
            }
    for (std::size_t i = 0; i < 200; ++i) {
        const double d = double(absolute.values[i]) - double(absolute.prior.centre[i]), w = 0.3 / (0.1 * 100);
        energy += w * std::abs(d);
        by_absolute[i] += d > 0 ? w : d < 0 ? -w : 0;
    }
    for (std::size_t i = 0; i < 4; ++i) {
        const double d = double(of_views.values[i % 2]) - double(of_views.prior.centre[i % 2]), w = 0.6 / 2;
        energy += w * d * d;
        by_views[i] += 2 * w * d;
    }
    EXPECT_LT(relative_distance(groups[0]->gradients.download(), by_squared), 1e-5);
    EXPECT_LT(relative_distance(groups[1]->gradients.download(), by_absolute), 1e-5);
    EXPECT_LT(relative_distance(groups[2]->gradients.download(), by_views), 1e-5);
    EXPECT_NEAR(memory().sums.download()[0], energy, 1e-4 * energy);
}

TEST_F(GroupStepTest, what_is_not_finite_is_noted_and_changes_nothing) {
    Random random(10);
    enum class What { derivative, term, modules, nothing };
    for (const What what : {What::nothing, What::derivative, What::term, What::modules}) {
        SCOPED_TRACE(int(what));
        const ParameterGroup about{"group", 1, random.normals(1000), 0.1f};
        Group group(stream(), about, 1, 2);
        std::vector<float> gradient = random.normals(1000);
        if (what == What::derivative) gradient[777] = HUGE_VALF;
        group.gradients.upload(gradient);
        std::vector<cuda::LossTerms> terms(cuda::most_batch_views);
        terms[0] = {1, 2, 3, 4};
        terms[1].dssim = what == What::term ? std::nan("") : 0.5;
        terms[2].dssim = std::nan("");  // no view of this batch
        memory().terms.upload(terms);
        memory().sums.upload({0, what == What::modules ? HUGE_VAL : 0.125});
        memory().broken.fill_zero();
        GroupTable table;
        table.add(about);
        cuda::StepState state;
        state.report = 1;
        state.groups[0] = table.step_of(0, 1, 2, 1, false);
        cuda::set_step(memory().state.data(), state, stream());
        cuda::StepSettings settings;
        settings.batch = 2;
        const cuda::DeviceGroup device = group.device(0);
        cuda::add_priors(settings, &device, 1, buffers(), stream());
        cuda::update_groups(settings, &device, 1, buffers(), stream());
        const cuda::StepReport report = memory().reports.download()[1];
        EXPECT_EQ(report.broken != 0, what != What::nothing);
        EXPECT_EQ(report.terms[0].l1, 1);
        EXPECT_EQ(report.terms[0].squared, 4);
        if (what != What::modules) {
            EXPECT_EQ(report.modules, 0.125);
        }
        EXPECT_EQ(group.values.download() == about.values, what != What::nothing);
        if (what == What::nothing) continue;
        EXPECT_EQ(group.first.download(), std::vector<float>(1000, 0.0f));
        // It stays noted: the steps behind change nothing either.
        memory().terms.upload(std::vector<cuda::LossTerms>(cuda::most_batch_views));
        memory().sums.fill_zero();
        group.gradients.upload(random.normals(1000));
        cuda::add_priors(settings, &device, 1, buffers(), stream());
        cuda::update_groups(settings, &device, 1, buffers(), stream());
        EXPECT_NE(memory().reports.download()[1].broken, 0u);
        EXPECT_EQ(group.values.download(), about.values);
    }
}

TEST_F(GroupStepTest, a_persons_shape_is_that_of_the_head_model) {
    const Avatar avatar = test::ball_avatar(3, 10, true);
    const HeadModel& model = *avatar.model;
    cuda::DeviceHead head(stream());
    head.load(avatar.model, avatar.head(), &avatar.hair(), true);
    test::Random random(5);
    const Eigen::VectorXf change = test::random_identity(model, random);
    Vertices moved(3, avatar.neutral().cols());
    for (Eigen::Index i = 0; i < moved.size(); ++i) moved.data()[i] = test::uniform(random, -0.01f, 0.01f);
    const auto identity = upload({change.data(), change.data() + change.size()}),
               offsets = upload({moved.data(), moved.data() + moved.size()});
    for (const bool grad_identity : {false, true})
        for (const bool grad_offsets : {false, true}) {
            Avatar expected = avatar;
            if (grad_identity) expected.person.edit().identity += change;
            if (grad_offsets) {
                expected.person.edit().offsets += moved.leftCols(model.vertex_count());
                expected.shells.edit().hair.vertices += moved.rightCols(avatar.hair().vertices.cols());
            }
            expected.prepare();
            const cuda::HeadShape shape = head.shape(1);
            auto rest = poisoned(std::size_t(moved.size())), joints = poisoned(std::size_t(3 * model.joint_count()));
            const cuda::HeadArrays arrays = head.arrays();
            cuda::shape_person(shape, arrays,
                               {arrays.rest, arrays.joint_position, grad_identity ? identity.data() : nullptr,
                                grad_offsets ? offsets.data() : nullptr, rest.data(), joints.data()},
                               stream());
            const std::vector<float> found = rest.download(), found_joints = joints.download();
            const Eigen::Map<const Vertices> at_rest(found.data(), 3, moved.cols());
            EXPECT_LT((at_rest - expected.neutral()).cwiseAbs().maxCoeff(), 1e-6f);
            const Eigen::Matrix3Xf& positions = expected.head().joint_position;
            const Eigen::Map<const Eigen::Matrix3Xf> at(found_joints.data(), 3, positions.cols());
            EXPECT_LT((at - positions).cwiseAbs().maxCoeff(), 1e-6f);
        }
}

TEST_F(GroupStepTest, refuses_too_many_groups) {
    const std::vector<cuda::DeviceGroup> groups(cuda::most_groups + 1);
    cuda::StepSettings settings;
    settings.batch = 1;
    EXPECT_THROW(cuda::add_priors(settings, groups.data(), int(groups.size()), buffers(), stream()), std::invalid_argument);
    EXPECT_THROW(cuda::update_groups(settings, groups.data(), int(groups.size()), buffers(), stream()),
                 std::invalid_argument);
}

}  // namespace
}  // namespace likeness::cuda_tests
