// likeness-bench drive: avatars driven by videos: speed, delay, identity, shoulders, self-reenactment.
#pragma once

int run_drive_bench(int argc, char** argv);
