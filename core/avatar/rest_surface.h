// The whole surface of an avatar at rest, head and hair, as its person, the changes made to the identity and its shells
// make it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/avatar/avatar_parts.h"

namespace likeness {

// Triangles and atlas of head and shells: the head, then the hair.
struct AtlasTopology {
    Triangles triangles;
    std::vector<Eigen::Vector2f> uv;
    Triangles triangle_uv;
};

// Where hair follows a head whose identity is changed: the nearest parts of it. Of one person and one shell.
struct HairBinding {
    static constexpr int neighbours = 4;
    Vertices head;               // [3, V] as it was fitted
    std::vector<int> near;       // [S, neighbours] vertices of the head
    std::vector<float> weights;  // of those, each four sum to 1
    HairBinding(const Vertices& hair, Vertices fitted_head);
};

struct RestSurface {
    PersonalHead head;
    HairShell hair;  // moved along with the head
    std::shared_ptr<const AtlasTopology> topology;
    Vertices neutral;                        // [3, V + S]
    std::vector<float> neutral_double_area;  // of each triangle

    // What it was made from, see Avatar::prepare().
    std::shared_ptr<const HeadModel> model;
    Part<Person> person;
    Part<IdentityChange> change;
    Part<Shells> shells;
    std::shared_ptr<const HairBinding> binding;  // null until it was needed
};

// Takes over from `before` (may be null) what is still the same.
std::shared_ptr<const RestSurface> make_rest_surface(const std::shared_ptr<const HeadModel>& model,
                                                     const Part<Person>& person, const Part<IdentityChange>& change,
                                                     const Part<Shells>& shells, const RestSurface* before);

// The way back: the hair that `change` moved to where `moved` has it. `person` is without the change.
HairShell hair_before(const std::shared_ptr<const HeadModel>& model, const Part<Person>& person,
                      const Part<IdentityChange>& change, const HairShell& moved);

}  // namespace likeness
