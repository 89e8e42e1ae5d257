package io.adapt4j.spark.internal.model;

import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/** Stop signal of this thread's Spark task; polled, since Spark seldom interrupts threads. */
public final class TaskStop {

  private final @Nullable TaskContext task;

  private TaskStop(@Nullable TaskContext task) {
    this.task = task;
  }

  /** Returns the stop signal of this thread's task, if it runs one. */
  public static TaskStop ofThisTask() {
    return new TaskStop(TaskContext.get());
  }

  /** Returns whether the task should end. */
  public boolean isStopped() {
    return task != null && task.isInterrupted();
  }

  /** Throws if the task should end. */
  public void throwIfStopped() {
    if (isStopped()) {
      throw new TaskKilledException();
    }
  }

  /** Runs an action when the task has ended in any way. */
  public void whenOver(Runnable action) {
    if (task != null) {
      task.addTaskCompletionListener((TaskCompletionListener) context -> action.run());
    }
  }
}
