// likeness-bench edit: avatars edited: what baking into maps loses.
#pragma once

int run_edit_bench(int argc, char** argv);
