#include "pool.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <mutex>
#include <new>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif
#if !defined(_WIN32)
#include <pthread.h>
#endif
#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace seqwright {
namespace {

void relax() {
#if defined(__x86_64__) || defined(_M_X64)
    _mm_pause();
#elif defined(__aarch64__) && !defined(_MSC_VER)
    __asm__ __volatile__("yield");
#else
    std::this_thread::yield();
#endif
}

// How long a worker spins before it sleeps. The kernels of a training step follow each other within
// 5 to 100 µs of Python, and waking a sleeping thread takes about 50 µs.
constexpr auto kSpinTime = std::chrono::microseconds(150);

template <typename Condition>
bool spin_until(Condition condition) {
    const auto start = std::chrono::steady_clock::now();
    do {
        for (int i = 0; i < 64; i++) {
            if (condition()) return true;
            relax();
        }
        std::this_thread::yield();  // another thread may need this core
    } while (std::chrono::steady_clock::now() - start < kSpinTime);
    return false;
}

thread_local bool inside_task = false;

// Job state in one atomic word: the workers that may join, and the number that have. A worker that wakes up after the job is
// done cannot join it, so the caller never waits for a worker that is asleep or not scheduled.
struct JobState {
    uint32_t job;
    uint16_t workers;  // workers with smaller numbers may join
    uint16_t active;   // number of active workers; kAccepting is set while tasks may be left
    static constexpr uint16_t kAccepting = 1 << 15;

    bool accepting() const { return (active & kAccepting) != 0; }
    bool empty() const { return active == 0; }
};
static_assert(std::atomic<JobState>::is_always_lock_free);

class Pool {
  public:
    // Run the tasks on the pool, or return false if another call is using it.
    bool try_run(int workers, int tasks, void (*task)(void*, int), void* context) {
        std::unique_lock<std::mutex> lock(in_use_, std::try_to_lock);
        if (!lock.owns_lock()) return false;
        workers = start(workers);
        if (workers == 0) return false;
        task_ = task;
        context_ = context;
        tasks_ = tasks;
        next_.store(0);
        state_.store({state_.load().job + 1, static_cast<uint16_t>(workers), JobState::kAccepting});
        if (asleep_.load() > 0) {
            { std::lock_guard<std::mutex> guard(sleep_); }  // a worker that saw no job is waiting now
            wake_.notify_all();
        }
        take_tasks();
        change([](JobState& state) { state.active &= static_cast<uint16_t>(~JobState::kAccepting); });
        const auto finished = [this] { return state_.load().empty(); };
        if (!spin_until(finished)) {
            std::unique_lock<std::mutex> guard(sleep_);
            done_.wait(guard, finished);
        }
        if (failed_.exchange(false)) throw std::bad_alloc();
        return true;
    }

  private:
    // Start workers up to `wanted`, or as many as the system allows; return their number. They live as long as the process.
    int start(int wanted) {
        try {
            for (; started_ < wanted; started_++) std::thread(&Pool::work, this, static_cast<uint16_t>(started_)).detach();
        } catch (const std::exception&) {  // no memory for a stack, or too many threads: the existing ones do the work
        }
        return started_ < wanted ? started_ : wanted;
    }

    // Apply a change to the state atomically; return the new state.
    template <typename Change>
    JobState change(const Change& f) {
        JobState before = state_.load(), after = before;
        do {
            after = before;
            f(after);
        } while (!state_.compare_exchange_weak(before, after));
        return after;
    }

    void take_tasks() {
        inside_task = true;
        try {
            for (int i = next_.fetch_add(1); i < tasks_; i = next_.fetch_add(1)) task_(context_, i);
        } catch (...) {  // a workspace could not grow; the calling thread rethrows
            failed_.store(true);
        }
        inside_task = false;
    }

    bool join(uint16_t me, uint32_t& seen) {
        JobState state = state_.load();
        while (state.accepting() && state.job != seen && me < state.workers)
            if (JobState in = state; in.active++, state_.compare_exchange_weak(state, in)) {
                seen = state.job;
                return true;
            }
        seen = state.job;
        return false;
    }

    void work(uint16_t me) {
        for (uint32_t seen = 0;;) {
            const auto called = [&] {
                const JobState state = state_.load();
                return state.accepting() && state.job != seen;
            };
            if (!spin_until(called)) {
                std::unique_lock<std::mutex> guard(sleep_);
                asleep_.fetch_add(1);
                wake_.wait(guard, called);
                asleep_.fetch_sub(1);
            }
            if (!join(me, seen)) continue;
            take_tasks();
            if (change([](JobState& state) { state.active--; }).empty()) {
                std::lock_guard<std::mutex> guard(sleep_);
                done_.notify_one();
            }
        }
    }

    std::mutex in_use_;   // held by the call that uses the workers
    std::mutex sleep_;  // guards the condition variables
    std::condition_variable wake_, done_;
    std::atomic<JobState> state_{};
    std::atomic<bool> failed_{false};
    std::atomic<int> asleep_{0}, next_{0};
    int started_ = 0;
    int tasks_ = 0;  // this and the following change only while no worker is active or may join
    void (*task_)(void*, int) = nullptr;
    void* context_ = nullptr;
};

std::atomic<Pool*> pool{nullptr};
std::atomic<int> wanted{0};

// Never deleted: workers may be waiting on it at process exit.
Pool& the_pool() {
    Pool* current = pool.load(std::memory_order_acquire);
    if (current == nullptr) {
        Pool* fresh = new Pool;
        if (pool.compare_exchange_strong(current, fresh)) {
            current = fresh;
#if !defined(_WIN32)
            // fork copies only the thread that forks: the child creates a new pool.
            static const int registered = pthread_atfork(nullptr, nullptr, [] {
                pool.store(nullptr);
                inside_task = false;
            });
            (void)registered;
#endif
        } else {
            delete fresh;
        }
    }
    return *current;
}

#if defined(__linux__)
// The whole cores that the control group grants (version 2), or n if it sets no limit.
int within_quota(int n) {
    long long quota = 0, period = 0;
    if (std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
        if (std::fscanf(file, "%lld %lld", &quota, &period) == 2 && quota > 0 && period > 0) {
            const long long cores = (quota + period - 1) / period;
            if (cores < n) n = static_cast<int>(cores);
        }
        std::fclose(file);
    }
    return n < 1 ? 1 : n;
}
#endif

}  // namespace

int available_cores() {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return within_quota(CPU_COUNT(&set));
#endif
    const unsigned n = std::thread::hardware_concurrency();
    return n == 0 ? 1 : static_cast<int>(n);
}

int threads() {
    if (inside_task) return 1;
    int n = wanted.load();
    if (n == 0) {
        set_threads(available_cores());
        n = wanted.load();
    }
    return n;
}

void set_threads(int n) { wanted.store(n < kMostThreads ? n : kMostThreads); }

void run_tasks(int tasks, void (*task)(void*, int), void* context) {
    const int helpers = (tasks < threads() ? tasks : threads()) - 1;
    if (helpers > 0 && !inside_task && the_pool().try_run(helpers, tasks, task, context)) return;
    for (int i = 0; i < tasks; i++) task(context, i);
}

}  // namespace seqwright
