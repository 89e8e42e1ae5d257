package io.adapt4j.core.monitor;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Events;
import io.adapt4j.core.train.ResourceUse;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonlMetricsLogTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void chooseAFile() {
    file = folder.resolve("run").resolve("metrics.jsonl");
  }

  @Test
  void everyKindOfLineHasItsFixedFields() throws IOException {
    try (JsonlMetricsLog log = JsonlMetricsLog.to(file)) {
      log.started(Events.START.withSettings(Map.of("seed", "42")));
      log.step(Events.step(12));
      log.evaluated(Events.EVALUATION);
      log.checkpointSaved(new CheckpointEvent(120, Path.of("best"), true));
      log.skipped(Events.SKIPPED);
      log.warned(Events.WARNING);
      log.ended(Events.END);
    }
    assertThat(lines())
        .containsExactly(
            "{'event':'run_started','total_steps':240,'epochs':3.0,'trainable_parameters':12288,"
                + "'total_parameters':260032,'train_examples':640,'validation_examples':80,"
                + "'model':'stories260K','precision':'fp32','settings':{'seed':'42'}}",
            "{'event':'step','step':12,'total_steps':240,'epoch':0.15,'loss':2.3131,"
                + "'learning_rate':2.0E-4,'gradient_norm':1.214,'tokens_per_second':1234.4,"
                + "'target_tokens':412,'elapsed_seconds':18.0,'remaining_seconds':342.0,'penalty':0.0,"
                + "'target_tokens_per_second':824.0,'heap_bytes':67108864,"
                + "'resident_bytes':1610612736,'processor_share':0.75}",
            "{'event':'evaluation','step':120,'loss':2.1,'perplexity':8.166,'best':true}",
            "{'event':'checkpoint','step':120,'path':'best','best':true}",
            "{'event':'skipped','step':121,'total_steps':240,'reason':'loss is NaN','loss':null,"
                + "'gradient_norm':null,'consecutive':1}",
            "{'event':'warning','step':130,'kind':'OVERFITTING',"
                + "'message':'Validation gets worse.','remedy':'Train for less time.'}",
            "{'event':'run_ended','reason':'COMPLETED','steps':240,'best_step':120,"
                + "'best_loss':2.1,'elapsed_seconds':83.0}");
  }

  @Test
  void aTimeLeftThatIsNotKnownIsNull() throws IOException {
    try (JsonlMetricsLog log = JsonlMetricsLog.to(file)) {
      log.step(Events.early());
    }
    assertThat(lines().get(0)).contains("'elapsed_seconds':20.0,'remaining_seconds':null,");
  }

  @Test
  void aStepHasWhatItsTaskMeasured() throws IOException {
    StepEvent plain = Events.step(12);
    try (JsonlMetricsLog log = JsonlMetricsLog.to(file)) {
      log.step(
          new StepEvent(
              plain.step(),
              plain.totalSteps(),
              plain.epoch(),
              plain.loss(),
              plain.learningRate(),
              plain.gradientNorm(),
              plain.tokensPerSecond(),
              plain.targetTokens(),
              plain.elapsed(),
              plain.remaining(),
              plain.penalty(),
              plain.duration(),
              plain.resources(),
              Map.of("margin", 0.25)));
    }
    assertThat(lines().get(0)).endsWith("'processor_share':0.75,'metrics':{'margin':0.25}}");
  }

  @Test
  void figuresThatDoNotExistAreNull() throws IOException {
    try (JsonlMetricsLog log = JsonlMetricsLog.to(file)) {
      log.evaluated(
          new EvaluationEvent(
              1, Double.NaN, Double.POSITIVE_INFINITY, false, Map.of("f1", Double.NaN)));
      log.ended(
          new RunEnd(
              StopReason.FAILED, 3, OptionalInt.empty(), OptionalDouble.empty(), Duration.ZERO));
    }
    assertThat(lines())
        .containsExactly(
            "{'event':'evaluation','step':1,'loss':null,'perplexity':null,'best':false,"
                + "'metrics':{'f1':null}}",
            "{'event':'run_ended','reason':'FAILED','steps':3,'best_step':null,'best_loss':null,"
                + "'elapsed_seconds':0.0}");
  }

  @Test
  void whatThePlatformDoesNotTellIsNull() throws IOException {
    try (JsonlMetricsLog log = JsonlMetricsLog.to(file)) {
      log.step(
          new StepEvent(
              1,
              1,
              1,
              1,
              1,
              1,
              1,
              1,
              Duration.ZERO,
              Duration.ZERO,
              0,
              Duration.ZERO,
              ResourceUse.UNKNOWN,
              Map.of()));
    }
    assertThat(lines().get(0))
        .endsWith(
            "'target_tokens_per_second':null,'heap_bytes':null,'resident_bytes':null,"
                + "'processor_share':null}");
  }

  @Test
  void everyLineIsJsonWhateverTheTextsContain() throws IOException {
    try (JsonlMetricsLog log = JsonlMetricsLog.to(file)) {
      log.started(
          new RunStart(1, 1, 1, 1, 1, 0, "a \"model\"\nof Zo\u00eb", "fp32", Map.of(), true));
    }
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(1);
    assertThat(new ObjectMapper().readTree(lines.get(0)).get("model").asText())
        .isEqualTo("a \"model\"\nof Zo\u00eb");
  }

  @Test
  void aLineCanBeReadAsSoonAsItIsWritten() throws IOException {
    try (JsonlMetricsLog log = JsonlMetricsLog.to(file)) {
      log.evaluated(Events.EVALUATION);
      assertThat(lines()).hasSize(1);
    }
  }

  @Test
  void aResumedRunContinuesTheFile() throws IOException {
    Events.replay(JsonlMetricsLog.to(file));
    int first = lines().size();
    Events.replay(JsonlMetricsLog.to(file));
    assertThat(lines()).hasSize(2 * first);
  }

  @Test
  void theSameLogServesOneRunAfterAnother() throws IOException {
    JsonlMetricsLog log = JsonlMetricsLog.to(file);
    log.ended(Events.END);
    log.ended(Events.END);
    log.close();
    assertThat(lines()).hasSize(2);
  }

  @Test
  void theUnfinishedLineOfAKilledRunIsRemoved() throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "{\"event\":\"step\",\"step\":1}\n{\"event\":\"step\",\"st");
    try (JsonlMetricsLog log = JsonlMetricsLog.to(file)) {
      log.evaluated(Events.EVALUATION);
    }
    assertThat(lines())
        .containsExactly(
            "{'event':'step','step':1}",
            "{'event':'evaluation','step':120,'loss':2.1,'perplexity':8.166,'best':true}");
  }

  /** Zeros where bytes were not on the device, however many. */
  @ParameterizedTest
  @ValueSource(strings = {"{\"event\":\"step\",\"step\":1}\n", ""})
  void whatAPowerCutLeavesAtTheEndIsRemoved(String before) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, before + "\0".repeat(100_000) + "ep\":2}");
    if (before.isEmpty()) {
      Files.writeString(file, "\0".repeat(100_000));
    }
    try (JsonlMetricsLog log = JsonlMetricsLog.to(file)) {
      log.evaluated(Events.EVALUATION);
    }
    assertThat(Files.readString(file))
        .startsWith(before + "{\"event\":\"evaluation\"")
        .endsWith("}\n");
  }

  @Test
  void aFileThatIsNoMetricsLogIsRefusedAndLeftAlone() throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "weights");
    assertThatThrownBy(() -> JsonlMetricsLog.to(file))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("not one of a metrics log");
    assertThat(Files.readString(file)).isEqualTo("weights");
  }

  @Test
  void aPathThatCannotBeWrittenIsNamed() {
    refuses(UncheckedIOException.class, () -> JsonlMetricsLog.to(folder), folder.toString());
  }

  @Test
  void closingTwiceIsHarmlessAndUseAfterCloseIsAnError() {
    JsonlMetricsLog log = JsonlMetricsLog.to(file);
    log.close();
    log.close();
    refuses(IllegalStateException.class, () -> log.evaluated(Events.EVALUATION), "is closed");
  }

  /** The lines with single quotes, which read better here. */
  private List<String> lines() throws IOException {
    return Files.readAllLines(file).stream().map(line -> line.replace('"', '\'')).toList();
  }
}
