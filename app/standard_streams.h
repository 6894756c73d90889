// Standard input, output and error, whatever the program was started with.
#pragma once

namespace likeness {

// First of all, before any file is open: standard streams that are closed are taken, so that no file gets their number
// and with it what is printed. A reader that goes away is an error of the write, not the program's end; so is a limit
// on the size of files.
void prepare_streams();

// Flushes standard output at the end of a command; its exit code, or exit_output when what it printed got lost.
int finish_output(int exit_code);

}  // namespace likeness
