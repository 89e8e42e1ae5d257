package io.adapt4j.studio.internal.exam;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Json;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.exam.Exam.Candidate;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Exams, each in a folder of the workspace with its tasks, the rows that they read, and the replies
 * of all candidates. A separate run asks each candidate.
 */
public final class Exams {

  /** The rows of the exam, from its folder. */
  public static final String ROWS = "rows/exam.jsonl";

  /** The rows that show what is forgotten. */
  public static final String GENERAL = "rows/general.jsonl";

  /** General rows that are not asked, to train on against forgetting. */
  public static final String OLD = "rows/old.jsonl";

  private static final String KIND = "examinations";
  private static final String FILE = "exam.json";
  private static final String TASKS = "tasks.yaml";
  private static final long TASKS_BYTES = 1 << 20;

  private final Workspace workspace;
  private final Runs runs;

  /** Creates the store, with the runs that ask. */
  public Exams(Workspace workspace, Runs runs) {
    this.workspace = workspace;
    this.runs = runs;
  }

  /** Returns all, the newest first. */
  public List<Exam> all() throws IOException {
    return workspace.all(KIND, FILE, this::get, Exam::added);
  }

  /** Returns one; refuses an id that there is none of. */
  public Exam get(String id) throws IOException {
    return workspace.item(folder(id).resolve(FILE), json -> Exam.of(id, json));
  }

  public Path folder(String id) {
    return workspace.folder(KIND, id);
  }

  /** The runs that ask. */
  public Runs runs() {
    return runs;
  }

  public Path tasks(Exam exam) {
    return folder(exam.id()).resolve(TASKS);
  }

  public String yaml(Exam exam) throws IOException {
    return Workspace.text(tasks(exam), TASKS_BYTES);
  }

  public Path replies(Exam exam) {
    return folder(exam.id()).resolve("replies");
  }

  public void save(Exam exam, String yaml) throws IOException {
    Disk.createFolders(folder(exam.id()));
    AtomicFiles.writeText(tasks(exam), yaml);
    save(exam);
  }

  public void save(Exam exam) throws IOException {
    AtomicFiles.writeJson(folder(exam.id()).resolve(FILE), exam.json());
  }

  /** Queues a run for each candidate, the base model first. */
  public Exam start(Exam exam) throws IOException {
    List<Candidate> asked = new ArrayList<>();
    asked.add(new Candidate(Runs.newId(exam.name()), "", "", ""));
    for (Candidate each : exam.candidates()) {
      asked.add(new Candidate(Runs.newId(exam.name()), each.name(), each.path(), each.training()));
    }
    Exam started = exam.with(exam.model(), exam.chat(), asked);
    save(started);
    asking(started);
    return started;
  }

  private JsonNode command(Exam exam, Candidate candidate) {
    boolean adapter = Files.exists(Path.of(candidate.path()).resolve("adapter_config.json"));
    List<String> words = new ArrayList<>(List.of("eval"));
    words.add(candidate.isBase() || adapter ? exam.model() : candidate.path());
    if (adapter && !candidate.isBase()) {
      words.addAll(List.of("--adapter", candidate.path(), "--no-base"));
    }
    words.addAll(List.of("--tasks", tasks(exam).toString()));
    words.addAll(List.of("--replies", replies(exam).toString()));
    words.addAll(List.of("--report", runs.output(candidate.run()).toString(), "--overwrite"));
    if (exam.chat()) {
      words.add("--chat");
    }
    words.add("--json");
    var command = JsonNodeFactory.instance.arrayNode();
    words.forEach(command::add);
    return command;
  }

  /** Returns the runs of an exam that was started, by candidate; queues those that are not yet. */
  public Map<Candidate, Run> asking(Exam exam) throws IOException {
    Map<Candidate, Run> all = new LinkedHashMap<>();
    if (exam.isStarted()) {
      for (Candidate each : exam.candidates()) {
        all.put(each, asking(exam, each));
      }
    }
    return all;
  }

  private synchronized Run asking(Exam exam, Candidate candidate) throws IOException {
    String id = candidate.run();
    return Files.exists(runs.description(id))
        ? runs.get(id)
        : runs.add(id, exam.name(), exam.id(), Json.compact(command(exam, candidate)));
  }

  /** Returns a new exam with the questions and settings of another, to ask further models. */
  public Exam copy(Exam exam) throws IOException {
    List<Candidate> candidates =
        exam.candidates().stream()
            .filter(each -> !each.isBase())
            .map(each -> new Candidate("", each.name(), each.path(), each.training()))
            .toList();
    Exam copy =
        new Exam(
            Workspace.newId(exam.name()),
            exam.name(),
            Instant.now(),
            exam.data(),
            exam.model(),
            exam.chat(),
            candidates,
            "");
    for (String rows : List.of(ROWS, GENERAL, OLD)) {
      Path file = folder(exam.id()).resolve(rows);
      if (Files.exists(file)) {
        Path to = folder(copy.id()).resolve(rows);
        Disk.createFolders(to.getParent());
        AtomicFiles.copy(file, to);
      }
    }
    save(copy, yaml(exam));
    return copy;
  }

  /** Deletes an exam of which no run is active, with its answers. */
  public void delete(Exam exam) throws IOException {
    Map<Candidate, Run> asking = asking(exam);
    if (asking.values().stream().anyMatch(run -> run.state().isActive())) {
      throw new Refusal(409, "refused_active");
    }
    Files.delete(folder(exam.id()).resolve(FILE));
    for (Run run : asking.values()) {
      runs.delete(run);
    }
    Workspace.delete(folder(exam.id()));
  }
}
