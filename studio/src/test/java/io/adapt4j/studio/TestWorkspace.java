package io.adapt4j.studio;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/** Workspaces in which something was done before. */
final class TestWorkspace {

  static final Path MODEL = Path.of("../examples/models/stories260K").toAbsolutePath().normalize();

  private TestWorkspace() {}

  /** Adds a run that has trained an adapter. */
  static void addRun(Path workspace, String id) throws IOException {
    Path folder = Files.createDirectories(workspace.resolve("runs").resolve(id));
    Path rows = folder.resolve("rows.jsonl");
    Files.writeString(rows, ("{\"text\": \"Once there was " + id + ".\"}\n").repeat(8));
    String yaml =
        """
        model: %s
        data: {path: %s}
        method: {lora: {rank: 2}}
        maxSteps: 8
        learningRate: 0.2
        """
            .formatted(MODEL, rows);
    Files.writeString(folder.resolve("run.yaml"), yaml);
    RunDescription.parse(yaml)
        .with("output", "\"" + folder.resolve("output") + "\"")
        .builder()
        .build()
        .run();
    state(folder, id);
  }

  /** Adds an exam that is done. */
  static void addExam(Path workspace, String id, String report) throws IOException {
    Path folder = workspace.resolve("exams").resolve(id);
    Files.createDirectories(folder.resolve("output"));
    Files.writeString(folder.resolve("output").resolve("report.json"), report);
    state(folder, id);
  }

  private static void state(Path folder, String name) throws IOException {
    String now = Instant.now().toString();
    Files.writeString(
        folder.resolve("run.json"),
        Json.compact(
            JsonNodeFactory.instance
                .objectNode()
                .put("name", name)
                .put("plan", "")
                .put("added", now)
                .put("state", "DONE")
                .put("changed", now)
                .put("pid", 0)
                .put("wish", "DONE")));
  }

  /** Opens data and waits until it is known. */
  static String open(Browser browser, Path path) throws Exception {
    String page = browser.post("", "path", path.toString()).uri().getPath().substring(1);
    browser.wait(page, text -> !text.contains("data-live"));
    return page.split("/", -1)[1];
  }
}
