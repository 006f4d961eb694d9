#include "include/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#if defined(__x86_64__)
#define DQ_PAUSE() __builtin_ia32_pause()
#else
#define DQ_PAUSE() ((void)0)
#endif

/// How often a waiting thread looks before it sleeps: some tens of microseconds, which is the time
/// between two operations of a step.
enum { SPIN_COUNT = 20000 };

/// One thread's share of a job's tasks, on a cache line of its own.
typedef struct {
  _Alignas(64) _Atomic int64_t next;
  int64_t end;
} task_share;

/// What a worker is started with.
typedef struct {
  dq_thread_pool *pool;
  int64_t number;
} worker_seat;

struct dq_thread_pool {
  int64_t worker_count;
  pthread_t *workers;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  /// Counts the jobs; a worker that sees a new number has work.
  _Atomic int64_t generation;
  _Atomic int64_t busy_workers;
  _Atomic int sleeping_workers;
  _Atomic int is_stopping;
  // Written by the caller before `generation` is released, read by workers after acquiring it.
  task_share *shares;
  worker_seat *seats;
  dq_task body;
  void *context;
};

/// Works through the thread's own share, then through what others have left of theirs. So in job
/// after job a thread meets the same rows, which its caches may still hold.
static void drain(dq_thread_pool *pool, int64_t number) {
  const int64_t thread_count = pool->worker_count + 1;
  for (int64_t turn = 0; turn < thread_count; turn++) {
    task_share *share = &pool->shares[(number + turn) % thread_count];
    for (;;) {
      int64_t task = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed);
      if (task >= share->end) break;
      pool->body(pool->context, task);
    }
  }
}

static int64_t wait_for_job(dq_thread_pool *pool, int64_t seen) {
  for (int spin = 0; spin < SPIN_COUNT; spin++) {
    int64_t current = atomic_load_explicit(&pool->generation, memory_order_acquire);
    if (current != seen) return current;
    DQ_PAUSE();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleeping_workers, 1);
  int64_t current;
  while ((current = atomic_load(&pool->generation)) == seen) {
    pthread_cond_wait(&pool->wake, &pool->mutex);
  }
  atomic_fetch_sub(&pool->sleeping_workers, 1);
  pthread_mutex_unlock(&pool->mutex);
  return current;
}

static _Thread_local int64_t thread_number = 0;

int64_t dq_thread_number(void) { return thread_number; }

static void *work(void *argument) {
  const worker_seat *seat = argument;
  dq_thread_pool *pool = seat->pool;
  thread_number = seat->number;
  int64_t seen = 0;
  for (;;) {
    seen = wait_for_job(pool, seen);
    if (atomic_load(&pool->is_stopping)) return NULL;
    drain(pool, seat->number);
    atomic_fetch_sub_explicit(&pool->busy_workers, 1, memory_order_acq_rel);
  }
}

/// Announces a job. The generation changes before the sleepers are counted, and a worker counts
/// itself before it looks at the generation a last time, so none sleeps through a job.
static void announce(dq_thread_pool *pool) {
  atomic_fetch_add(&pool->generation, 1);
  if (atomic_load(&pool->sleeping_workers) > 0) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
  }
}

dq_thread_pool *dq_thread_pool_create(int64_t thread_count) {
  dq_thread_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->wake, NULL);
  const size_t count = (size_t)(thread_count > 0 ? thread_count : 1);
  pool->workers = calloc(count, sizeof *pool->workers);
  pool->seats = calloc(count, sizeof *pool->seats);
  pool->shares = aligned_alloc(64, count * sizeof *pool->shares);
  if (!pool->workers || !pool->seats || !pool->shares) {
    dq_thread_pool_destroy(pool);
    return NULL;
  }
  for (int64_t i = 1; i < thread_count; i++) {
    pool->seats[i] = (worker_seat){pool, i};
    if (pthread_create(&pool->workers[i - 1], NULL, work, &pool->seats[i]) != 0) {
      dq_thread_pool_destroy(pool);
      return NULL;
    }
    pool->worker_count++;
  }
  return pool;
}

void dq_thread_pool_run(dq_thread_pool *pool, int64_t task_count, dq_task body, void *context) {
  if (pool->worker_count == 0 || task_count <= 1) {
    for (int64_t task = 0; task < task_count; task++) body(context, task);
    return;
  }
  const int64_t thread_count = pool->worker_count + 1;
  for (int64_t i = 0; i < thread_count; i++) {
    atomic_store_explicit(
      &pool->shares[i].next, task_count * i / thread_count, memory_order_relaxed);
    pool->shares[i].end = task_count * (i + 1) / thread_count;
  }
  pool->body = body;
  pool->context = context;
  atomic_store_explicit(&pool->busy_workers, pool->worker_count, memory_order_relaxed);
  announce(pool);
  drain(pool, 0);
  // A worker that is long in coming back waits for a core on a busy machine: leave it this one.
  int spin = 0;
  while (atomic_load_explicit(&pool->busy_workers, memory_order_acquire) > 0) {
    if (spin < SPIN_COUNT) {
      spin++;
      DQ_PAUSE();
    } else {
      sched_yield();
    }
  }
}

void dq_thread_pool_destroy(dq_thread_pool *pool) {
  if (!pool) return;
  atomic_store(&pool->is_stopping, 1);
  announce(pool);
  for (int64_t i = 0; i < pool->worker_count; i++) pthread_join(pool->workers[i], NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->workers);
  free(pool->seats);
  free(pool->shares);
  free(pool);
}
