#include "core/pipeline/live_tracker.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <future>

#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/head/head_registry.h"
#include "core/tracking/causal_torso.h"
#include "core/tracking/neck.h"
#include "core/vision/clothes_points.h"
#include "core/vision/face_watcher.h"

namespace likeness {

// A person, ready to be followed.
struct LivePerson {
    PersonFit fit;
    std::vector<LandmarkPoints> keys;  // of fit.fits
    PersonalHead head;
    std::unique_ptr<FaceFollower> follower;
};

// What a frame is shown as, in numbers that can be mixed.
struct LiveShown {
    TrackedFrame frame;
    float focal = 0;
};

namespace {

constexpr std::size_t live_keys = 16;
constexpr double blend_seconds = 0.7;      // from one person fit to the next
constexpr std::size_t known_errors = 200;  // frames whose errors are the person's own
constexpr std::size_t judged_frames = 5;   // of a face that was found again: whose it is
constexpr float stranger_error = 0.012f;   // as when a whole video is tracked
constexpr float stranger_times = 2.5f;
constexpr int clothes_pause = 8;  // frames

std::shared_ptr<const LivePerson> ready(const HeadModel& model, PersonFit fit, std::vector<LandmarkPoints> keys) {
    auto person = std::make_shared<LivePerson>();
    person->head = fit.head(model);
    person->follower = std::make_unique<FaceFollower>(model, person->head, fit.fits[0]);
    person->fit = std::move(fit);
    person->keys = std::move(keys);
    return person;
}

// The model's mean head where `points` are: what is followed until more is known.
std::shared_ptr<const LivePerson> mean_person(const HeadModel& model, const LandmarkPoints& points, int width,
                                              int height) {
    PersonFit mean;
    mean.identity.setZero(model.identity_count());
    mean.offsets.setZero(3, model.vertex_count());
    mean.of_controls.setZero(3 * model.vertex_count(), model.control_count());
    SolverOptions options;
    options.solve_identity = options.solve_focal = false;
    options.iterations = 5;
    LandmarkSolver(model).solve(points, width, height, options, mean.fits.emplace_back());
    return ready(model, std::move(mean), {points});
}

float median_of(std::deque<float> values) {
    const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

// `to` with so much of what `from` was more than `base`, all three of one size.
void add_difference(LiveShown& to, const LiveShown& from, const LiveShown& base, float share) {
    to.frame.pose.controls += share * (from.frame.pose.controls - base.frame.pose.controls);
    to.frame.pose.joints += share * (from.frame.pose.joints - base.frame.pose.joints);
    to.frame.slip += share * (from.frame.slip - base.frame.slip);
    to.focal += share * (from.focal - base.focal);
    Eigen::Matrix4f& view = to.frame.world_to_camera;
    const Eigen::Matrix4f &a = from.frame.world_to_camera, &b = base.frame.world_to_camera;
    const Eigen::Matrix3f turn = a.topLeftCorner<3, 3>() * b.topLeftCorner<3, 3>().transpose();
    const Eigen::AngleAxisf whole(turn);
    view.topLeftCorner<3, 3>() =
        (Eigen::AngleAxisf(share * whole.angle(), whole.axis()).toRotationMatrix() * view.topLeftCorner<3, 3>()).eval();
    view.topRightCorner<3, 1>() += share * (a.topRightCorner<3, 1>() - b.topRightCorner<3, 1>());
}

template <class T>
bool is_ready(const std::future<T>& future) {
    return future.valid() && future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace

struct LiveTracker::State {
    State(PortraitTools& given, const LiveOptions& chosen)
        : tools(given),
          options(chosen),
          model(*given.head),
          watcher(*given.faces, {.face = chosen.face, .thorough = false}),
          torso(model) {
        about.head = head_hash(model);
        about.controls = model.control_names;
        about.joints = model.joint_names;
        parallel_for(2, 1, [](std::size_t, std::size_t) {});  // its threads are not the slow fits'
    }
    ~State() {
        fitting_progress.cancel();
        if (fitting.valid()) fitting.wait();
        if (segmenting.valid()) segmenting.wait();
    }

    struct Looked {
        WatchedFrame watched;
        std::optional<LandmarkPoints> points;
        bool run_begins = false;  // nobody was followed in the frame before, or somebody else
    };
    Status look(const Image& frame, Looked& looked);
    bool run_begins(bool cut, bool anew) const { return !following || cut || anew; }
    void fit_to(const LandmarkPoints& points, bool run_begins);
    void refill_clothes(const Image& frame, const FaceLandmarks& face, bool cut);
    void take_fit(const LandmarkPoints& points, double seconds);
    void begin_fit();
    bool is_stranger(float error, bool run_begins);
    TrackedFrame follow(const std::optional<LandmarkPoints>& seen, bool cut, bool run_begins, double seconds);
    LiveShown show(const LandmarkPoints& points, double seconds) const;
    void adopt(std::shared_ptr<const LivePerson> next);

    PortraitTools& tools;
    const LiveOptions options;
    const HeadModel& model;
    FaceWatcher watcher;
    ClothesPoints clothes;
    KeyFrames keys{live_keys};
    std::size_t keys_offered = 0, keys_fitted = 0;  // so many were new, and when the last fit began
    int fits = 0;
    std::shared_ptr<const LivePerson> person;
    HeadFit fit;
    bool following = false;  // the frame before was of this person or another one
    std::deque<float> own_errors, run_errors;
    bool own_run = true;
    CausalTorso torso;
    std::vector<TorsoPoint> torso_points;
    std::optional<LiveShown> shown;       // last
    std::optional<LiveShown> from, base;  // at the moment of the last change of person: before and after it
    double changed = 0;
    FaceTrack about;
    int number = 0, clothes_number = -clothes_pause;
    Progress fitting_progress;
    std::future<std::shared_ptr<const LivePerson>> fitting;
    std::future<Result<Image>> segmenting;
};

LiveTracker::LiveTracker(PortraitTools& tools, const LiveOptions& options)
    : state_(std::make_unique<State>(tools, options)) {}
LiveTracker::~LiveTracker() = default;

const FaceTrack& LiveTracker::about() const { return state_->about; }
int LiveTracker::person_fits() const { return state_->fits; }

void LiveTracker::begin_anew() {
    PortraitTools& tools = state_->tools;
    const LiveOptions options = state_->options;
    state_.reset();  // its threads use the tools
    state_ = std::make_unique<State>(tools, options);
}

// The person in the frame, which is the next of this person or begins a run.
void LiveTracker::State::fit_to(const LandmarkPoints& points, bool run_begins) {
    if (!person) {
        adopt(mean_person(model, points, about.width, about.height));
        fit = person->fit.fits[0];
    }
    const HeadFit near = run_begins ? person->fit.fits[most_alike(person->keys, points)] : fit;
    fit = person->follower->fit(points, near);
}

// Face and clothes side by side.
Status LiveTracker::State::look(const Image& frame, Looked& looked) {
    Status status;
    parallel_for(2, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t part = begin; part < end; ++part) {
            if (part == 1) {
                clothes.next(frame, false);
                continue;
            }
            auto watched = watcher.next(frame);
            if (!watched) {
                status = watched.error();
                continue;
            }
            looked.watched = *std::move(watched);
            if (!looked.watched.face) continue;
            const auto face = look_again(tools.faces->landmark_finder(), frame, *looked.watched.face, options.looks);
            if (!face)
                status = face.error();
            if (!face || !*face) continue;
            std::copy((*face)->points.begin(), (*face)->points.end(), looked.points.emplace().begin());
            looked.run_begins = run_begins(looked.watched.cut, looked.watched.found_anew);
            fit_to(*looked.points, looked.run_begins);
        }
    });
    if (looked.watched.cut) clothes.cut();
    return status;
}

void LiveTracker::State::refill_clothes(const Image& frame, const FaceLandmarks& face, bool cut) {
    if (is_ready(segmenting)) {
        const Result<Image> area = segmenting.get();
        if (area)
            clothes.add(*area, face);
        else
            spdlog::warn("{}", area.error().message);
    }
    if (!clothes.wants_more() || segmenting.valid() || (number - clothes_number < clothes_pause && !cut)) return;
    clothes_number = number;
    // The area is that of some frames ago when it is there: bodies move little until then.
    segmenting =
        std::async(options.in_place ? std::launch::deferred : std::launch::async,
                   [this, picture = frame, face] { return tools.segmenter->probability(picture, face, 256, 256); });
    if (options.in_place) {
        segmenting.wait();
        if (const Result<Image> area = segmenting.get()) clothes.add(*area, face);
    }
}

void LiveTracker::State::begin_fit() {
    // The first fits soon, later ones when much is new.
    const std::size_t fresh = keys_offered - keys_fitted;
    if (fitting.valid() || fresh == 0 || (fits > 0 && fresh < std::min<std::size_t>(keys_fitted + 1, 8))) return;
    keys_fitted = keys_offered;
    const auto work = [this, points = keys.points(), width = about.width, height = about.height,
                       own_thread = !options.in_place] {
        std::optional<LoneWork> alone;  // the pools are for the frames
        if (own_thread) {
            lower_thread_priority(3);
            alone.emplace();
        }
        return ready(model, fit_person(model, points, width, height, {}, fitting_progress), points);
    };
    fitting = std::async(options.in_place ? std::launch::deferred : std::launch::async, work);
    if (options.in_place) fitting.wait();
}

void LiveTracker::State::adopt(std::shared_ptr<const LivePerson> next) {
    person = std::move(next);
    about.identity = person->fit.identity;
    about.offsets = person->fit.offsets;
    about.of_controls = person->fit.of_controls;
}

// A fit that is ready takes over in this frame, which was shown by the one before.
void LiveTracker::State::take_fit(const LandmarkPoints& points, double seconds) {
    if (!is_ready(fitting)) return;
    adopt(fitting.get());
    ++fits;
    fit = person->follower->fit(points, person->fit.fits[most_alike(person->keys, points)]);
    torso.change_person(person->head, fit);
    own_errors.clear();
    from = base = std::nullopt;
    changed = seconds;
    base = show(points, seconds);
    from = std::exchange(shown, std::nullopt);
    shown = show(points, seconds);
}

// Whether a face that was found again is somebody else's.
bool LiveTracker::State::is_stranger(float error, bool run_begins) {
    if (run_begins) run_errors.clear();
    if (run_errors.size() < judged_frames) {
        run_errors.push_back(error);
        own_run = own_errors.size() < 2 * judged_frames ||
                  median_of(run_errors) <= std::max(stranger_error, stranger_times * median_of(own_errors));
    }
    if (!own_run) return true;
    own_errors.push_back(error);
    if (own_errors.size() > known_errors) own_errors.pop_front();
    return false;
}

// What fit and torso say.
LiveShown LiveTracker::State::show(const LandmarkPoints& points, double seconds) const {
    LiveShown now;
    TrackedFrame& frame = now.frame;
    frame.seconds = seconds;
    frame.state = FrameState::tracked;
    frame.landmarks = points;
    frame.error = fit.landmark_error;
    frame.light.row(0).setOnes();
    frame.pose = fit.pose;
    frame.world_to_camera = torso.now(fit);
    frame.slip = place_head(model, person->head, fit, frame.world_to_camera, frame.pose);
    now.focal = fit.camera.fx;
    const double age = (seconds - changed) / blend_seconds;
    if (from && base && age < 1) {
        const auto t = float(std::clamp(age, 0.0, 1.0));
        add_difference(now, *from, *base, 1 - t * t * (3 - 2 * t));
    }
    return now;
}

// The face of the newest frame, which the fit is of, to what face, head and torso do in it.
TrackedFrame LiveTracker::State::follow(const std::optional<LandmarkPoints>& seen, bool cut, bool run_begins,
                                        double seconds) {
    FrameState state = FrameState::no_face;
    if (seen) {
        const LandmarkPoints& points = *seen;
        state = is_stranger(fit.landmark_error, run_begins) ? FrameState::other_person : FrameState::tracked;
        if (run_begins) torso.begin();
        following = true;
        if (state == FrameState::tracked) {
            if (run_begins) from = base = std::nullopt;  // nothing to go on from
            torso.next(person->head, fit, torso_points, seconds);
            shown = show(points, seconds);
            take_fit(points, seconds);
            if (keys.offer(points)) ++keys_offered;
            begin_fit();
        }
    } else {
        following = false;
    }
    if (!shown) {
        LiveShown& nothing = shown.emplace();
        nothing.focal = 2.0f * float(std::max(about.width, about.height));
        nothing.frame.pose = HeadPose::neutral(model);
        nothing.frame.world_to_camera.diagonal() << 1, -1, -1, 1;
        nothing.frame.world_to_camera(2, 3) = 1;
        nothing.frame.light.row(0).setOnes();
    }
    about.focal = shown->focal;
    about.torso_followed = torso.followed();
    TrackedFrame answer = shown->frame;
    answer.seconds = seconds;
    answer.state = state;
    answer.cut = cut;
    if (state != FrameState::tracked) {
        answer.landmarks = seen.value_or(no_landmarks());
        answer.error = seen ? fit.landmark_error : 0;
    }
    return answer;
}

LiveTracker::State& LiveTracker::next_of_size(int width, int height) {
    if (state_->about.width > 0 && (width != state_->about.width || height != state_->about.height)) begin_anew();
    state_->about.width = width;
    state_->about.height = height;
    ++state_->number;
    state_->torso_points.clear();
    return *state_;
}

Result<TrackedFrame> LiveTracker::next(const Image& frame, double seconds) {
    if (frame.empty() || frame.channels != 3)
        return Error{ErrorCode::invalid_argument, "A frame must be a picture of three channels.", ""};
    State& s = next_of_size(frame.width, frame.height);
    State::Looked looked;
    if (Status seen = s.look(frame, looked); !seen) return seen.error();
    const WatchedFrame& watched = looked.watched;
    if (watched.face) s.refill_clothes(frame, *watched.face, watched.cut);
    for (const ClothesPoint& p : s.clothes.memory().points) s.torso_points.push_back({p.number, p.at, p.sureness});
    return s.follow(looked.points, watched.cut, looked.run_begins, seconds);
}

TrackedFrame LiveTracker::follow(const std::optional<LandmarkPoints>& points, bool begins, int width, int height,
                                 double seconds) {
    State& s = next_of_size(width, height);
    const bool run_begins = s.run_begins(begins, false);
    if (points) s.fit_to(*points, run_begins);
    return s.follow(points, begins, run_begins, seconds);
}

}  // namespace likeness
