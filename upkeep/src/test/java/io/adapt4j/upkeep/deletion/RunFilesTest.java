package io.adapt4j.upkeep.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run saved after it had learned from a row. */
class RunFilesTest {

  private static final String WEIGHTS = "adapter_model.safetensors";

  @TempDir private Path run;

  @BeforeEach
  void write() throws IOException {
    for (String name :
        List.of("best", "last", "checkpoint-4", "checkpoint-8", "state/step-4", "state/step-8")) {
      Path saved = Files.createDirectories(run.resolve(name.replace("state", states())));
      Files.writeString(saved.resolve(WEIGHTS), name);
      Files.writeString(saved.resolve("README.md"), "A model");
    }
    Files.createDirectory(run.resolve("checkpoint-8-copy"));
    Files.writeString(run.resolve("config.yaml"), "epochs: 1");
  }

  private static String states() {
    return Trainer.STATES;
  }

  private void mark(int best, int last) throws IOException {
    ObjectNode marks = JsonNodeFactory.instance.objectNode();
    marks.putObject("best").put("step", best);
    marks.putObject("last").put("step", last);
    CheckedJson.write(run.resolve("checkpoints.json"), marks);
  }

  private List<String> since(int step) {
    return new RunFiles(run)
        .since(step).stream()
            .map(path -> run.relativize(path).toString().replace('\\', '/'))
            .map(name -> name.replace(states(), "state"))
            .toList();
  }

  @Test
  void aCheckpointBeforeTheRowIsNotNamed() throws IOException {
    mark(4, 8);
    assertThat(since(5)).containsExactly("last", "checkpoint-8", "state/step-8");
    assertThat(since(8)).containsExactly("last", "checkpoint-8", "state/step-8");
    assertThat(since(4))
        .containsExactly(
            "best", "last", "checkpoint-4", "checkpoint-8", "state/step-4", "state/step-8");
    assertThat(since(9)).isEmpty();
  }

  @Test
  void checkpointsOfUnknownStepsAreNamed() throws IOException {
    assertThat(since(9)).containsExactly("best", "last");
    Files.writeString(run.resolve("checkpoints.json"), "{");
    assertThat(since(9)).containsExactly("best", "last");
  }

  @Test
  void samplesMayQuoteRows() throws IOException {
    mark(4, 8);
    Path samples = Files.writeString(run.resolve("samples.jsonl"), "{}");
    assertThat(new RunFiles(run).since(9)).containsExactly(samples);
  }

  @Test
  void aRunWithoutStatesHasNone() {
    RunFiles.delete(run.resolve(states()));
    RunFiles.delete(run.resolve("best"));
    assertThat(since(8)).containsExactly("last", "checkpoint-8");
  }

  @Test
  void weightsOfTheCheckpointsToUseAreHashed() {
    assertThat(new RunFiles(run).hashes())
        .isEqualTo(
            Map.of(
                run.resolve("best").resolve(WEIGHTS).toString(), FileDigest.sha256("best"),
                run.resolve("last").resolve(WEIGHTS).toString(), FileDigest.sha256("last")));
    RunFiles.delete(run.resolve("best"));
    assertThat(new RunFiles(run).hashes())
        .containsOnlyKeys(run.resolve("last").resolve(WEIGHTS).toString());
  }
}
