package io.adapt4j.core.internal.task;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.recipe.MaskedRowKeys;
import io.adapt4j.core.internal.recipe.Option;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.task.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** Registry of task definitions. */
public final class TaskDefinitions {

  public static final Option<Task> TASK =
      Option.<Task>of("task", "a name, perhaps with options: see tasks")
          .usual(Task.nextTokens(), "nextTokens")
          .required()
          .text("Training task.")
          .read(TaskDefinitions::read)
          .write(settings -> write(settings.objective().task()));

  /** All options with a key, in reading and writing order. */
  public static final List<Option<?>> OPTIONS = Options.with(TASK, MaskedRowKeys.OPTION);

  private TaskDefinitions() {}

  /** Returns the definitions of this module and those that the application's class loader adds. */
  public static List<TaskDefinition<?>> all() {
    List<TaskDefinition<?>> all = new ArrayList<>();
    ClassLoader own = TaskDefinition.class.getClassLoader();
    for (TaskDefinition<?> taskDefinition : ServiceLoader.load(TaskDefinition.class, own)) {
      all.add(taskDefinition);
    }
    for (TaskDefinition<?> more : ServiceLoader.load(TaskDefinition.class)) {
      if (all.stream().noneMatch(taskDefinition -> taskDefinition.getClass() == more.getClass())) {
        all.add(more);
      }
    }
    return all;
  }

  /** Finds the definition of a task. */
  @SuppressWarnings("unchecked") // a definition takes the type that it names
  public static <T extends Task> TaskDefinition<T> of(T task) {
    return (TaskDefinition<T>)
        all().stream()
            .filter(taskDefinition -> taskDefinition.type().isInstance(task))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "task: expected one that Task makes, found " + task.getClass().getName()));
  }

  public static Optional<Task> read(Fields fields) {
    Optional<Fields.Named> named = fields.named("task");
    if (named.isEmpty()) {
      return Optional.empty();
    }
    String name = named.get().name();
    List<String> names = new ArrayList<>();
    for (TaskDefinition<?> definition : all()) {
      if (definition.names().contains(name)) {
        Optional<Task> task = definition.read(name, named.get().options());
        named.get().options().finish();
        return task;
      }
      names.addAll(definition.names());
    }
    fields.refuse("task", name, names);
    return Optional.empty();
  }

  public static Optional<JsonNode> write(Task task) {
    return of(task).write(task);
  }
}
