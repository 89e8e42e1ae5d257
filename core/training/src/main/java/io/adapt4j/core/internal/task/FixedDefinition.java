package io.adapt4j.core.internal.task;

import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.task.Task;
import java.util.List;

/** Definition of a task whose kind does not depend on its options. */
public abstract class FixedDefinition<T extends Task> implements TaskDefinition<T> {

  private final Class<T> type;
  private final TaskKind kind;
  private final List<String> names;

  protected FixedDefinition(Class<T> type, TaskKind kind, List<String> names) {
    this.type = type;
    this.kind = kind;
    this.names = List.copyOf(names);
  }

  @Override
  public final Class<T> type() {
    return type;
  }

  @Override
  public final TaskKind kind(T task) {
    return kind;
  }

  @Override
  public final List<String> names() {
    return names;
  }
}
