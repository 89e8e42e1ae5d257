package io.adapt4j.spark.internal.model;

import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/** Whether Spark wants the task of this thread to end. Spark seldom interrupts threads. */
public final class TaskStop {

  private final @Nullable TaskContext task;

  private TaskStop(@Nullable TaskContext task) {
    this.task = task;
  }

  /** Looks at the task that this thread runs, if it runs one. */
  public static TaskStop ofThisTask() {
    return new TaskStop(TaskContext.get());
  }

  /** Whether the task is to end. */
  public boolean isStopped() {
    return task != null && task.isInterrupted();
  }

  /** Ends the task if it is to end. */
  public void throwIfStopped() {
    if (isStopped()) {
      throw new TaskKilledException();
    }
  }

  /** Runs something when the task has ended, however it did. */
  public void whenOver(Runnable action) {
    if (task != null) {
      task.addTaskCompletionListener((TaskCompletionListener) context -> action.run());
    }
  }
}
