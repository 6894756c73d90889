"""check_links.py on small trees."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts"))
import check_links  # noqa: E402

LIBRARIES = {
    "core/base/CMakeLists.txt": "likeness_library(base SOURCES base.cpp)",
    "core/base/base.h": "",
    "core/base/base.cpp": '#include "core/base/base.h"',
    "core/image/CMakeLists.txt": "likeness_library(image  # nothing else\n    SOURCES image.cpp PUBLIC base)",
    "core/image/image.h": '#include "core/base/base.h"',
    "core/image/image.cpp": "",
}


def offences(**files):
    """What is found in a tree of the libraries above and of a folder `user` with these files."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        named = {f"user/{name.replace('_', '.')}": text for name, text in files.items()}
        for name, text in (LIBRARIES | named).items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name.replace("user/lists", "user/CMakeLists.txt")).write_text(text)
        return check_links.check(root)


class CheckLinks(unittest.TestCase):
    def test_a_folder_that_is_not_linked(self):
        self.assertEqual(
            offences(lists="likeness_library(user SOURCES a.cpp PUBLIC base)", a_cpp='#include "core/image/image.h"'),
            ["user/a.cpp includes core/image/image.h, but user does not link image."])

    def test_public_links_count_and_private_ones_do_not(self):
        self.assertEqual(offences(lists="likeness_library(user SOURCES a.cpp PRIVATE image)",
                                  a_cpp='#include "core/base/base.h"\n#include "core/image/image.h"'), [])
        self.assertEqual(offences(lists="likeness_library(between SOURCES b.cpp PRIVATE image)\n"
                                        "likeness_test(user SOURCES a.cpp LIBRARIES between)",
                                  a_cpp='#include "core/image/image.h"', b_cpp='#include "core/image/image.h"'),
                         ["user/a.cpp includes core/image/image.h, but user does not link image."])

    def test_each_target_of_a_folder_links_for_itself(self):
        lists = ("add_library(first STATIC a.cpp)\nadd_library(second STATIC b.cpp)\n"
                 "target_link_libraries(second PUBLIC image)")
        include = '#include "core/image/image.h"'
        self.assertEqual(offences(lists=lists, a_cpp="", b_cpp=include), [])
        self.assertEqual(offences(lists=lists, a_cpp=include, b_cpp=include),
                         ["user/a.cpp includes core/image/image.h, but first does not link image."])

    def test_loops_over_targets_are_read(self):
        lists = ("add_executable(one a.cpp)\nadd_executable(two a.cpp)\n"
                 "foreach(target one two)\n    target_link_libraries(${target} PRIVATE base)\nendforeach()")
        self.assertEqual(offences(lists=lists, a_cpp='#include "core/base/base.h"'), [])
        self.assertEqual(len(offences(lists=lists, a_cpp='#include "core/image/image.h"')), 2)


if __name__ == "__main__":
    unittest.main()
