// A small scene, and one case for each kind of group that is added to it.
#pragma once

#include <functional>
#include <set>

#include "tests/engine/engine_fixtures.h"

namespace likeness::test {

struct AddedScene {
    Avatar avatar = ball_avatar(4, 800, false);
    std::vector<TrainingView> views;
    std::vector<float> picture;  // of another term [height, width, 3]
    AddedScene();
};

struct AddedCase {
    std::string name;
    Starts starts;
    std::set<std::string> of_views;       // groups with a row for each view
    std::map<std::string, double> steps;  // of a value, for differences
    double falls_to;                      // what is left of the loss when it has been learned
    bool alone;                           // its groups' names are another case's too
    std::function<TrainingModules(const AddedModules&, const Starts&)> modules;
};
std::vector<AddedCase> added_cases(const AddedScene& scene);

}  // namespace likeness::test
