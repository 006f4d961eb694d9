/// Threads that run the loops inside one operation; the calling thread takes part.
#ifndef DQ_THREAD_POOL_H
#define DQ_THREAD_POOL_H

#include <stdint.h>

typedef struct dq_thread_pool dq_thread_pool;
typedef void (*dq_task)(void *context, int64_t task);

/// A pool of `thread_count` threads, the caller counted; NULL where a thread cannot be started.
dq_thread_pool *dq_thread_pool_create(int64_t thread_count);
/// Runs `body(context, t)` for t in 0 ..< task_count and returns when all are done. One caller at a
/// time. Every thread begins with a share of its own and then helps the others, so which thread
/// runs a task is chance.
void dq_thread_pool_run(dq_thread_pool *pool, int64_t task_count, dq_task body, void *context);
/// The place of the calling thread in the pool whose task it runs: 0 for the caller of
/// `dq_thread_pool_run`, below the pool's `thread_count` for all. For room that only one task uses
/// at a time.
int64_t dq_thread_number(void);
/// Stops and joins the threads.
void dq_thread_pool_destroy(dq_thread_pool *pool);

#endif
