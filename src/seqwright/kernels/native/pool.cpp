#include "pool.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
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

// How long a worker looks out for the next job before it sleeps. The kernels of a training step follow each other within
// some 20 µs of Python, and waking a sleeping thread takes about 50 µs.
constexpr auto kPatience = std::chrono::microseconds(60);

template <typename Condition>
bool spin_until(Condition condition) {
    const auto start = std::chrono::steady_clock::now();
    do {
        for (int i = 0; i < 64; i++) {
            if (condition()) return true;
            relax();
        }
    } while (std::chrono::steady_clock::now() - start < kPatience);
    return false;
}

thread_local bool inside_task = false;

class Pool {
  public:
    // Lend the pool to this call, or return false if it is lent already.
    bool try_run(int workers, int tasks, void (*task)(void*, int), void* context) {
        std::unique_lock<std::mutex> lent(lent_, std::try_to_lock);
        if (!lent.owns_lock()) return false;
        while (started_ < workers) {
            std::thread(&Pool::work, this, started_).detach();  // they live as long as the process
            started_++;
        }
        task_ = task;
        context_ = context;
        tasks_ = tasks;
        next_.store(0, std::memory_order_relaxed);
        unfinished_.store(workers, std::memory_order_relaxed);
        {
            std::lock_guard<std::mutex> guard(sleep_);
            workers_ = workers;
            job_.fetch_add(1, std::memory_order_release);
        }
        if (asleep_.load() > 0) wake_.notify_all();
        take_tasks();
        const auto finished = [this] { return unfinished_.load(std::memory_order_acquire) == 0; };
        if (!spin_until(finished)) {
            std::unique_lock<std::mutex> guard(sleep_);
            done_.wait(guard, finished);
        }
        if (failed_.exchange(false)) throw std::bad_alloc();
        return true;
    }

  private:
    void take_tasks() {
        inside_task = true;
        try {
            for (int i = next_.fetch_add(1); i < tasks_; i = next_.fetch_add(1)) task_(context_, i);
        } catch (...) {  // a workspace could not grow; the caller of the kernel hears of it
            failed_.store(true);
        }
        inside_task = false;
    }

    void work(int me) {
        for (unsigned seen = 0;;) {
            const auto called = [&] { return job_.load(std::memory_order_acquire) != seen; };
            if (!spin_until(called)) {
                std::unique_lock<std::mutex> guard(sleep_);
                asleep_.fetch_add(1);
                wake_.wait(guard, called);
                asleep_.fetch_sub(1);
            }
            bool mine;
            {
                // A job cannot begin before the workers of the last one have all reported, but one that was not asked
                // may have slept through any number: number and size are read together.
                std::lock_guard<std::mutex> guard(sleep_);
                seen = job_.load(std::memory_order_relaxed);
                mine = me < workers_;
            }
            if (!mine) continue;
            take_tasks();
            if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
                std::lock_guard<std::mutex> guard(sleep_);
                done_.notify_one();
            }
        }
    }

    std::mutex lent_;   // held by the call that the workers serve
    std::mutex sleep_;  // guards workers_ and the changes that sleepers wait for
    std::condition_variable wake_, done_;
    std::atomic<unsigned> job_{0};
    std::atomic<bool> failed_{false};
    std::atomic<int> asleep_{0}, next_{0}, unfinished_{0};
    int workers_ = 0, started_ = 0, tasks_ = 0;
    void (*task_)(void*, int) = nullptr;
    void* context_ = nullptr;
};

std::atomic<Pool*> pool{nullptr};
std::atomic<int> wanted{0};

// Never deleted: workers may be waiting in it when the process ends.
Pool& the_pool() {
    Pool* current = pool.load(std::memory_order_acquire);
    if (current == nullptr) {
        Pool* fresh = new Pool;
        if (pool.compare_exchange_strong(current, fresh)) {
            current = fresh;
#if !defined(_WIN32)
            // fork copies only the thread that forks: the child forgets the pool and starts its own.
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
    int n = wanted.load();
    if (n == 0) {
        n = available_cores();
        wanted.store(n);
    }
    return n;
}

void set_threads(int n) { wanted.store(n); }

void run_tasks(int tasks, void (*task)(void*, int), void* context) {
    const int helpers = (tasks < threads() ? tasks : threads()) - 1;
    if (helpers > 0 && !inside_task && the_pool().try_run(helpers, tasks, task, context)) return;
    for (int i = 0; i < tasks; i++) task(context, i);
}

}  // namespace seqwright
