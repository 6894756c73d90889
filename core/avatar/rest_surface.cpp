#include "core/avatar/rest_surface.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "core/avatar/hair_shell.h"

namespace likeness {
namespace {

std::shared_ptr<const AtlasTopology> make_topology(const HeadModel& model, bool hair) {
    auto topology = std::make_shared<AtlasTopology>(AtlasTopology{model.triangles, model.uv, model.triangle_uv});
    if (hair) append_hair_topology(model.vertex_count(), topology->triangles, topology->uv, topology->triangle_uv);
    return topology;
}

PersonalHead make_head(const HeadModel& model, const Person& person, const Eigen::VectorXf& identity) {
    PersonalHead head = personalise(model, identity, person.offsets.size() ? &person.offsets : nullptr);
    if (person.expression) head.expression = person.expression;
    return head;
}

}  // namespace

HairBinding::HairBinding(const Vertices& hair, Vertices fitted_head)
    : head(std::move(fitted_head)), near(std::size_t(hair.cols() * neighbours), 0), weights(near.size(), 0) {
    const Eigen::VectorXf square = head.colwise().squaredNorm();
    Eigen::VectorXf distance(head.cols());
    for (Eigen::Index h = 0; h < hair.cols(); ++h) {
        const Eigen::Vector3f p = hair.col(h);
        distance.noalias() = square - 2 * (head.transpose() * p);
        std::array<std::pair<float, int>, neighbours> best;
        best.fill({std::numeric_limits<float>::infinity(), 0});
        for (Eigen::Index v = 0; v < head.cols(); ++v) {
            if (distance[v] >= best.back().first) continue;
            best.back() = {distance[v], int(v)};
            std::sort(best.begin(), best.end());
        }
        float sum = 0;
        for (int k = 0; k < neighbours; ++k) {
            const std::size_t at = std::size_t(h * neighbours + k);
            near[at] = best[std::size_t(k)].second;
            // Inverse distances; a millimetre keeps a vertex on the skin from taking everything.
            weights[at] = 1 / (std::max(0.0f, best[std::size_t(k)].first + p.squaredNorm()) + 1e-6f);
            sum += weights[at];
        }
        for (int k = 0; k < neighbours; ++k) weights[std::size_t(h * neighbours + k)] /= sum;
    }
}

std::shared_ptr<const RestSurface> make_rest_surface(const std::shared_ptr<const HeadModel>& model,
                                                     const Part<Person>& person, const Part<IdentityChange>& change,
                                                     const Part<Shells>& shells, const RestSurface* before) {
    auto rest = std::make_shared<RestSurface>();
    rest->model = model;
    rest->person = person;
    rest->change = change;
    rest->shells = shells;
    const Eigen::VectorXf& added = change->added;
    const bool changed = added.size() > 0 && added.size() == person->identity.size() && !added.isZero(0);
    rest->head = make_head(*model, *person, changed ? Eigen::VectorXf(person->identity + added) : person->identity);
    rest->hair = shells->hair;
    const Eigen::Index head = rest->head.vertices.cols(), hair = rest->hair.vertices.cols();
    const bool same_person = before && before->model == model && before->person == person;
    if (same_person && before->shells == shells) rest->binding = before->binding;
    if (changed && hair > 0) {
        if (!rest->binding)
            rest->binding = std::make_shared<const HairBinding>(rest->hair.vertices,
                                                                make_head(*model, *person, person->identity).vertices);
        const Vertices moved = rest->head.vertices - rest->binding->head;
        for (Eigen::Index h = 0; h < hair; ++h)
            for (int k = 0; k < HairBinding::neighbours; ++k) {
                const std::size_t at = std::size_t(h * HairBinding::neighbours + k);
                rest->hair.vertices.col(h) += rest->binding->weights[at] * moved.col(rest->binding->near[at]);
            }
    }
    const bool same_topology = before && before->model == model && (before->hair.vertices.cols() > 0) == (hair > 0);
    rest->topology = same_topology ? before->topology : make_topology(*model, hair > 0);
    rest->neutral.resize(3, head + hair);
    rest->neutral << rest->head.vertices, rest->hair.vertices;
    rest->neutral_double_area.reserve(rest->topology->triangles.size());
    for (const Eigen::Vector3i& t : rest->topology->triangles) {
        const Eigen::Vector3f a = rest->neutral.col(t[0]);
        rest->neutral_double_area.push_back((rest->neutral.col(t[1]) - a).cross(rest->neutral.col(t[2]) - a).norm());
    }
    return rest;
}

HairShell hair_before(const std::shared_ptr<const HeadModel>& model, const Part<Person>& person,
                      const Part<IdentityChange>& change, const HairShell& moved) {
    HairShell hair = moved;
    // Where hair follows depends on where it was: a fixed point, near after a few rounds.
    for (int round = 0; round < 5 && hair.vertices.cols() > 0; ++round)
        hair.vertices +=
            moved.vertices - make_rest_surface(model, person, change, Shells{hair}, nullptr)->hair.vertices;
    return hair;
}

}  // namespace likeness
