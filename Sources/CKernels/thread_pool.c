#include "include/thread_pool.h"

#include <pthread.h>
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

struct dq_thread_pool {
  int64_t worker_count;
  pthread_t *workers;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  /// Counts the jobs; a worker that sees a new number has work.
  _Atomic int64_t generation;
  _Atomic int64_t next_task;
  _Atomic int64_t busy_workers;
  _Atomic int sleeping_workers;
  _Atomic int is_stopping;
  // Written by the caller before `generation` is released, read by workers after acquiring it.
  int64_t task_count;
  dq_task body;
  void *context;
};

static void drain(dq_thread_pool *pool) {
  for (;;) {
    int64_t task = atomic_fetch_add_explicit(&pool->next_task, 1, memory_order_relaxed);
    if (task >= pool->task_count) return;
    pool->body(pool->context, task);
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

static void *work(void *argument) {
  dq_thread_pool *pool = argument;
  int64_t seen = 0;
  for (;;) {
    seen = wait_for_job(pool, seen);
    if (atomic_load(&pool->is_stopping)) return NULL;
    drain(pool);
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
  pool->workers = calloc((size_t)(thread_count > 0 ? thread_count : 1), sizeof *pool->workers);
  for (int64_t i = 1; pool->workers && i < thread_count; i++) {
    if (pthread_create(&pool->workers[pool->worker_count], NULL, work, pool) != 0) {
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
  pool->task_count = task_count;
  pool->body = body;
  pool->context = context;
  atomic_store_explicit(&pool->next_task, 0, memory_order_relaxed);
  atomic_store_explicit(&pool->busy_workers, pool->worker_count, memory_order_relaxed);
  announce(pool);
  drain(pool);
  while (atomic_load_explicit(&pool->busy_workers, memory_order_acquire) > 0) DQ_PAUSE();
}

void dq_thread_pool_destroy(dq_thread_pool *pool) {
  if (!pool) return;
  atomic_store(&pool->is_stopping, 1);
  announce(pool);
  for (int64_t i = 0; i < pool->worker_count; i++) pthread_join(pool->workers[i], NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->workers);
  free(pool);
}
