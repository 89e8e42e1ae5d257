package io.adapt4j.eval.task;

import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.describe.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Task descriptions: a YAML or JSON file with one task, or a suite of them under {@code tasks},
 * some of which may be in other files.
 *
 * <pre>{@code
 * tasks:
 *   - name: support
 *     answers: {path: exam.jsonl, prompt: "{question}", answer: reply, metrics: squad}
 *   - mmlu: {path: mmlu/test, fewShot: {count: 5, path: mmlu/dev}}
 *     general: true
 *     limit: 500
 *   - file: more.yaml
 * }</pre>
 *
 * <p>Relative paths are resolved against the folder of their file. The page docs/evaluation.md
 * lists all keys.
 */
final class TaskFile {

  private static final String TASKS = "tasks";
  private static final String FILE = "file";

  private final Problems problems = new Problems();
  private final Set<Path> open = new HashSet<>();
  private final Set<String> names = new HashSet<>();
  private final List<Task> tasks = new ArrayList<>();

  private TaskFile() {}

  static List<Task> read(Path file) {
    TaskFile reading = new TaskFile();
    reading.add(file);
    reading.problems.finish();
    return List.copyOf(reading.tasks);
  }

  private void add(Path file) {
    Path path = file.toAbsolutePath().normalize();
    open.add(path);
    Value value = Documents.read(file);
    Fields fields = Fields.of("", value, problems);
    if (fields.written().contains(TASKS)) {
      List<Fields> suite = fields.mappings(TASKS);
      if (suite.isEmpty()) {
        fields.problem(TASKS, "expected a list of tasks, found none. Write at least one.");
      }
      suite.forEach(this::addEntry);
      fields.finish();
    } else {
      addTask(fields);
    }
    open.remove(path);
  }

  private void addEntry(Fields entry) {
    Optional<Path> other = entry.file(FILE);
    if (other.isEmpty()) {
      addTask(entry);
      return;
    }
    entry.finish();
    if (open.contains(other.get().toAbsolutePath().normalize())) {
      entry.problem(FILE, "expected another file, found one that names itself. Delete this entry.");
      return;
    }
    try {
      add(other.get());
    } catch (SettingsException e) {
      e.problems().forEach(problem -> entry.problem(FILE, problem));
    }
  }

  private void addTask(Fields fields) {
    int before = problems.all().size();
    Optional<Task> task = TaskDescription.read(fields);
    fields.finish();
    if (task.isPresent() && problems.all().size() == before) {
      if (!names.add(task.get().name())) {
        fields.problem(
            "name",
            "expected its own name, found '"
                + task.get().name()
                + "', which another task has. Name this one otherwise.");
      }
      tasks.add(task.get());
    }
  }
}
