# CMake toolchain: zig as a cross compiler, with its own C library and C++ library for each target.
#   ZIG_TARGET=aarch64-linux-gnu.2.17 cmake -DCMAKE_TOOLCHAIN_FILE=packaging/zig.cmake …
# `pip install ziglang` installs the compiler as python-zig. A Linux target ends in the oldest version of glibc to run on.
if(NOT "$ENV{ZIG_TARGET}" MATCHES "^(x86_64|aarch64)-(linux|windows|macos)")
  message(FATAL_ERROR "expected ZIG_TARGET such as x86_64-linux-gnu.2.17 or aarch64-macos, not '$ENV{ZIG_TARGET}'")
endif()
set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_MATCH_1})
string(REPLACE "linux" "Linux" system ${CMAKE_MATCH_2})
string(REPLACE "windows" "Windows" system ${system})
string(REPLACE "macos" "Darwin" CMAKE_SYSTEM_NAME ${system})

find_program(ZIG NAMES python-zig zig REQUIRED)
set(CMAKE_CXX_COMPILER ${ZIG} c++ -target $ENV{ZIG_TARGET})
set(CMAKE_CXX_FLAGS_INIT "-include stdio.h")  # nanobind 3.1 needs it and includes it only where another library does
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)  # there is no clang-scan-deps
# Archives by the same program: the machine's ar may not know the target's object files.
set(CMAKE_CXX_ARCHIVE_CREATE "${ZIG} ar qc <TARGET> <OBJECTS>")
set(CMAKE_CXX_ARCHIVE_FINISH "${ZIG} ranlib <TARGET>")
