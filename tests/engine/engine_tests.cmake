# The tests of training engines: compiled into the test program of each device (tests/learning, tests/cuda).
set(engine_tests added_cases.cpp added_groups.cpp engine_fixtures.cpp engine_gradients_test.cpp
    engine_learning_test.cpp engine_modules_test.cpp engine_network_test.cpp engine_priors_test.cpp engine_steps_test.cpp engine_views_test.cpp)
list(TRANSFORM engine_tests PREPEND "${CMAKE_CURRENT_LIST_DIR}/")
