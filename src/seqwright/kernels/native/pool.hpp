// One pool of threads for the process.
//
// A kernel cuts its work into tasks whose results do not depend on thread or order; the pool only decides
// who. That is why a call may also run them all itself, and does so when the pool is lent to another Python thread at the
// moment, when it is itself inside a task, or when one thread is all there is: nothing waits for anything, so nothing can
// deadlock, and the bytes are the same.
#pragma once

namespace seqwright {

// Call task(context, i) for every i in [0, tasks), and return when all are done.
void run_tasks(int tasks, void (*task)(void* context, int i), void* context);

int threads();                // how many work, the caller included
constexpr int kMostThreads = 1 << 14;  // that the state of a job can count
void set_threads(int n);      // n >= 1; more than kMostThreads are kMostThreads
int available_cores();        // how many this process may use: the affinity mask, and the control group's quota

}  // namespace seqwright
