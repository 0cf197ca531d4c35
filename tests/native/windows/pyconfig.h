// What the headers of Python must know of Windows, for run-cross: Linux installs a file of this name for Linux.
#pragma once
#include <io.h>

#define MS_WINDOWS
#define MS_WIN64
#define NT_THREADS
#define Py_ENABLE_SHARED 1
#define HAVE_DECLSPEC_DLL
#define SIZEOF_VOID_P 8
#define SIZEOF_SIZE_T 8
#define SIZEOF_WCHAR_T 2
#define SIZEOF_LONG 4
#define SIZEOF_LONG_LONG 8
#define SIZEOF_TIME_T 8
#define ALIGNOF_MAX_ALIGN_T 8
