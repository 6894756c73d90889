#include "core/learning/cpu_groups.h"

#include <algorithm>

#include "core/base/failure.h"
#include "core/base/parallel.h"
#include "core/learning/group_update.h"

namespace likeness {
namespace {

bool is_geometry(const std::string& name) {
    return std::any_of(gaussian_attributes.begin(), gaussian_attributes.end(),
                       [&](const GaussianAttribute& a) { return name == a.name && !a.color; });
}

}  // namespace

void CpuGroups::Arrays::put(const std::vector<float>& to, const std::vector<float>& centre_of_prior) {
    values = to;
    centre = centre_of_prior.empty() ? to : centre_of_prior;
    first.assign(to.size(), 0.0f);
    second = first;
}

void CpuGroups::clear() {
    table_.clear();
    arrays_.clear();
}

int CpuGroups::add(ParameterGroup group) {
    Arrays arrays;
    if (group.clock == StepClock::steps) arrays.put(group.values, group.prior.centre);
    const bool geometry = is_geometry(group.name);
    const int k = table_.add(std::move(group), geometry);
    for (std::size_t c = 0; table_[k].column_bounds() && c < table_[k].about.width; ++c) {
        arrays.low.push_back(table_[k].low(c));
        arrays.high.push_back(table_[k].high(c));
    }
    arrays_.push_back(std::move(arrays));
    return k;
}

void CpuGroups::put(int k, const std::vector<float>& values) {
    table_.restart(k, values.size() / table_[k].about.width);
    arrays_[std::size_t(k)].put(values, {});
}

void CpuGroups::add_view(const std::map<int, std::vector<float>>& first) {
    for (std::size_t k = 0; k < arrays_.size(); ++k) {
        if (!of_views(int(k))) continue;
        const ParameterGroup& about = table_[int(k)].about;
        const auto given = first.find(int(k));
        const std::vector<float>& row = given == first.end() ? about.values : given->second;
        const std::vector<float>& centre = about.prior.centre.empty() ? row : about.prior.centre;
        Arrays& a = arrays_[k];
        a.values.insert(a.values.end(), row.begin(), row.end());
        a.centre.insert(a.centre.end(), centre.begin(), centre.end());
        a.first.resize(a.values.size(), 0.0f);
        a.second.resize(a.values.size(), 0.0f);
        a.view_steps.push_back(0);
    }
}

void CpuGroups::clear_views() {
    for (std::size_t k = 0; k < arrays_.size(); ++k) {
        if (!of_views(int(k))) continue;
        Arrays& a = arrays_[k];
        for (std::vector<float>* rows : {&a.values, &a.centre, &a.first, &a.second, &a.gradients}) rows->clear();
        a.view_steps.clear();
    }
}

void CpuGroups::begin(std::span<const int> batch, const std::vector<int>& added_to) {
    batch_ = {batch.begin(), batch.end()};
    for (std::size_t k = 0; k < arrays_.size(); ++k) {
        Arrays& a = arrays_[k];
        const std::size_t width = table_[int(k)].about.width;
        if (!of_views(int(k))) {
            a.gradients.resize(table_[int(k)].rows * width);
            continue;
        }
        a.gradients.resize(batch.size() * width);
        a.gathered.clear();
        for (const int v : batch) {
            const auto row = a.values.begin() + std::ptrdiff_t(std::size_t(v) * width);
            a.gathered.insert(a.gathered.end(), row, row + std::ptrdiff_t(width));
        }
    }
    for (const int k : added_to) std::fill(gradients(k).begin(), gradients(k).end(), 0.0f);
}

GroupArrays CpuGroups::arrays(int k, int first_frame) {
    Arrays& a = arrays_[std::size_t(k)];
    if (!of_views(k)) return {a.values.data(), a.gradients.data()};
    const std::size_t from = std::size_t(first_frame) * table_[k].about.width;
    return {a.gathered.data() + from, a.gradients.data() + from};
}

bool CpuGroups::in_pieces(std::size_t k) const {
    return !of_views(int(k)) && arrays_[k].low.empty() && arrays_[k].high.empty() && steps_[k].smooth == 0;
}

// The pieces of all groups go through one loop, as most groups are too small for one of their own.
double CpuGroups::add_priors(const SurfaceTopology& surface, float rate_scale, bool colors_only) {
    steps_.clear();
    pieces_.clear();
    for (std::size_t k = 0; k < arrays_.size(); ++k) {
        steps_.push_back(table_.step_of(int(k), rate_scale, batch_.size(), surface.triangles.size(), colors_only));
        if (steps_[k].rests || !in_pieces(k)) continue;
        const std::size_t count = arrays_[k].values.size();
        for (std::size_t begin = 0; begin < count; begin += piece_of_group)
            pieces_.push_back({k, begin, std::min(count, begin + piece_of_group)});
    }
    parallel_for(pieces_.size(), 1, [&](std::size_t first, std::size_t last) {
        for (std::size_t p = first; p < last; ++p) {
            Piece& piece = pieces_[p];
            Arrays& a = arrays_[piece.group];
            const float* const centre = a.centre.empty() ? nullptr : &a.centre[piece.begin];
            piece.energy = add_prior_to_piece(steps_[piece.group], &a.values[piece.begin], centre,
                                              &a.gradients[piece.begin], piece.end - piece.begin, piece.finite);
        }
    });
    double energy = 0;
    bool finite = true;
    for (const Piece& piece : pieces_) {
        energy += piece.energy;
        finite = finite && piece.finite;
    }
    for (std::size_t k = 0; k < arrays_.size(); ++k) {
        const GroupStep& step = steps_[k];
        if (step.rests || in_pieces(k)) continue;
        Arrays& a = arrays_[k];
        const std::size_t width = table_[int(k)].about.width;
        if (of_views(int(k))) {
            for (std::size_t f = 0; f < batch_.size(); ++f) {
                const std::size_t row = std::size_t(batch_[f]) * width;
                energy += add_prior(step, &a.values[row], &a.centre[row], &a.gradients[f * width], width);
            }
        } else {
            energy += add_prior(step, a.values.data(), a.centre.data(), a.gradients.data(), a.values.size());
            if (step.smooth != 0 && table_[int(k)].rows == std::size_t(surface.vertices))
                energy +=
                    add_smoothness(step, a.values.data(), width, table_[int(k)].rows, surface.triangles.data(),
                                   surface.vertex_first.data(), surface.vertex_triangles.data(), a.gradients.data());
        }
        finite = finite && all_finite(a.gradients.data(), a.gradients.size());
    }
    if (!finite) throw NotFinite("a gradient is not finite");
    return energy;
}

void CpuGroups::update() {
    table_.count_step();
    parallel_for(pieces_.size(), 1, [&](std::size_t first, std::size_t last) {
        for (std::size_t p = first; p < last; ++p) {
            const Piece& piece = pieces_[p];
            Arrays& a = arrays_[piece.group];
            update_piece(steps_[piece.group], &a.values[piece.begin], &a.gradients[piece.begin], &a.first[piece.begin],
                         &a.second[piece.begin], piece.end - piece.begin);
        }
    });
    for (std::size_t k = 0; k < arrays_.size(); ++k) {
        if (in_pieces(k)) continue;
        Arrays& a = arrays_[k];
        const std::size_t width = table_[int(k)].about.width;
        const float* const low = a.low.empty() ? nullptr : a.low.data();
        const float* const high = a.high.empty() ? nullptr : a.high.data();
        if (!of_views(int(k))) {
            update_group(steps_[k], a.values.data(), a.gradients.data(), a.first.data(), a.second.data(),
                         a.values.size(), width, low, high);
            continue;
        }
        for (std::size_t f = 0; f < batch_.size(); ++f) {
            const std::size_t row = std::size_t(batch_[f]) * width;
            const int t = ++a.view_steps[std::size_t(batch_[f])];
            GroupStep of_view = steps_[k];
            of_view.rate /= adam_correction(adam_beta1, t);
            of_view.second_scale = 1 / adam_correction(adam_beta2, t);
            update_group(of_view, &a.values[row], &a.gradients[f * width], &a.first[row], &a.second[row], width, width,
                         low, high);
        }
    }
}

}  // namespace likeness
