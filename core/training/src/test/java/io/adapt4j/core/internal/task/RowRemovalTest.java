package io.adapt4j.core.internal.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.train.TrainingResult;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A run without some of its rows is, to the bit, the run in which they were masked. */
class RowRemovalTest {

  private static final int ROWS = 24;

  @TempDir private Path folder;
  private Path model;
  private Path rows;

  /** Ways to train. */
  @SuppressWarnings("ImmutableEnumChecker") // functions without state
  private enum Way {
    PLAIN(tuner -> tuner.batchSize(2)),
    ROW_BY_ROW(tuner -> tuner.batchSize(1).maxSteps(20)),
    PACKED(tuner -> tuner.batchSize(1).packing(true)),
    BY_LENGTH(tuner -> tuner.batchSize(2).groupByLength()),
    ACCUMULATED(tuner -> tuner.batchSize(1).gradientAccumulation(3)),
    TWO_EPOCHS(tuner -> tuner.batchSize(2).epochs(2)),
    NOISY(tuner -> tuner.batchSize(2).neftune(5)),
    AVERAGED(tuner -> tuner.batchSize(2).optimizer(Optimizer.scheduleFreeAdamW())),
    WORSE_IN_THE_END(tuner -> worsening(tuner)),
    BEST_WITHOUT_A_STATE(tuner -> worsening(tuner).saveEvery(Interval.steps(3)).keepLast(9)),
    STOPPED_EARLY(tuner -> worsening(tuner).earlyStopping(3));

    private final Consumer<FineTuner.Builder> options;

    Way(Consumer<FineTuner.Builder> options) {
      this.options = options;
    }

    /** Trains too fast, so that the best checkpoint is an early one. */
    private static FineTuner.Builder worsening(FineTuner.Builder tuner) {
      return tuner
          .batchSize(2)
          .learningRate(0.03)
          .schedule(LearningRateSchedule.CONSTANT)
          .warmupSteps(0);
    }
  }

  @BeforeEach
  void writeModelAndRows() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
    Path config = model.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replaceFirst("\\{", "{\"attention_dropout\": 0.1, "));
    rows = folder.resolve("rows.jsonl");
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      lines.add(
          "{\"prompt\": \"Lily had %d dogs.\", \"completion\": \" They %s.\"}"
              .formatted(i, "ran and ".repeat(i % 5) + "slept"));
    }
    Files.write(rows, lines);
    Files.writeString(
        folder.resolve("held.jsonl"),
        "{\"text\": \"One day a little girl went to the park and she saw a big tree.\"}\n");
  }

  private Split split() {
    return new Split(Datasets.jsonl(rows), Datasets.jsonl(folder.resolve("held.jsonl")));
  }

  private FineTuner.Builder tuner(Way way, String output) {
    FineTuner.Builder tuner =
        FineTuner.builder()
            .model(ModelSource.path(model))
            .dataset(split())
            .method(FullFineTuning.create())
            .learningRate(1e-3)
            .epochs(1)
            .evaluateEvery(Interval.steps(2))
            .saveLimit(100)
            .keepBest()
            .output(folder.resolve(output));
    way.options.accept(tuner);
    return tuner;
  }

  private RowRemoval removal(String run) {
    return RowRemoval.of(folder.resolve(run), Optional.empty());
  }

  private RowRemoval.Plan plan(String run, int... chosen) {
    return removal(run).plan(data -> Set.copyOf(IntStream.of(chosen).boxed().toList()));
  }

  /** Returns the plan for the first row that is used in the middle of the run. */
  private RowRemoval.Plan halfway(String run) {
    return IntStream.range(0, split().train().size())
        .mapToObj(row -> plan(run, row))
        .filter(plan -> plan.startStep() >= 4)
        .findFirst()
        .orElseThrow();
  }

  private TrainingResult removed(String run, RowRemoval.Plan plan, String output) {
    return removal(run)
        .run(plan, folder.resolve(output), Optional.empty(), new TrainingListener() {});
  }

  private static String weights(Path checkpoint) {
    try {
      return FileDigest.sha256(checkpoint.resolve("model.safetensors"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theRunIsMadeAgainFromBeforeTheFirstUseOfTheRow(Way way) {
    FineTuneReport first = tuner(way, "first").build().run();
    RowRemoval.Plan plan = halfway("first");
    assertThat(plan.startStep()).isPositive().isLessThan(plan.firstStep().orElseThrow());

    int row = plan.rows().get(0).row();
    TrainingResult removed = removed("first", plan, "removed");
    FineTuneReport masked =
        tuner(way, "masked").maskedRows(List.of(MaskedRow.of(row))).build().run();

    assertThat(weights(removed.last()))
        .isEqualTo(weights(masked.last()))
        .isNotEqualTo(weights(first.last()));
    assertThat(weights(removed.best())).isEqualTo(weights(masked.best()));
    assertThat(removed.steps()).isEqualTo(masked.steps());
    assertThat(removed.bestStep()).isEqualTo(masked.bestStep());
  }

  @Test
  void theContentMayBeErasedBeforeTheRunIsMadeAgain() throws IOException {
    tuner(Way.PLAIN, "first").build().run();
    RowRemoval.Plan plan = halfway("first");
    MaskedRow row = plan.rows().get(0);
    FineTuneReport masked =
        tuner(Way.PLAIN, "masked").maskedRows(List.of(MaskedRow.of(row.row()))).build().run();

    int line = Integer.parseInt(plan.places().get(0).replaceAll(".* line ", "")) - 1;
    List<String> lines = new ArrayList<>(Files.readAllLines(rows));
    lines.set(line, "{\"prompt\": \"-\", \"completion\": \"-\"}");
    Files.write(rows, lines);

    String expected = weights(masked.last());
    assertThat(weights(removed("first", plan, "removed").last())).isEqualTo(expected);
    Provenance record = Provenance.read(folder.resolve("removed"));
    assertThat(record.configuration().at("/maskedRows/0/row").asInt()).isEqualTo(row.row());
    assertThat(record.configuration().at("/maskedRows/0/sha256").asText())
        .isEqualTo(row.sha256().orElseThrow());
    FineTuneReport repeated = FineTuner.repeat(folder.resolve("removed")).build().run();
    assertThat(weights(repeated.last())).isEqualTo(expected);
  }

  @Test
  void furtherRowsCanBeRemovedLater() {
    tuner(Way.PLAIN, "first").build().run();
    RowRemoval.Plan plan = halfway("first");
    removed("first", plan, "second");
    RowRemoval.Plan next = halfway("second");
    assertThat(next.rows()).isNotEqualTo(plan.rows());
    TrainingResult third = removed("second", next, "third");
    FineTuneReport masked =
        tuner(Way.PLAIN, "masked")
            .maskedRows(List.of(plan.rows().get(0), next.rows().get(0)))
            .build()
            .run();
    assertThat(weights(third.last())).isEqualTo(weights(masked.last()));
  }

  @Test
  void withoutAStateBeforeTheFirstUseAllIsRepeated() {
    tuner(Way.PLAIN, "first").saveLimit(1).build().run();
    RowRemoval.Plan plan = plan("first", 3);
    assertThat(plan.startStep()).isZero();
    FineTuneReport masked =
        tuner(Way.PLAIN, "masked").maskedRows(List.of(MaskedRow.of(3))).build().run();
    assertThat(weights(removed("first", plan, "removed").last())).isEqualTo(weights(masked.last()));
  }

  @Test
  void aRowThatTheRunNeverReachedHasNoFirstStep() {
    tuner(Way.PLAIN, "first").maxSteps(1).build().run();
    long unused =
        IntStream.range(0, split().train().size())
            .filter(row -> plan("first", row).firstStep().isEmpty())
            .count();
    assertThat(unused).isEqualTo(split().train().size() - 2);
  }

  @Test
  void repetitionsOfARowAreRemovedWithItAndOthersAlikeAreNamed() throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(rows));
    lines.set(7, lines.get(6));
    Files.write(rows, lines);
    Dataset all = Datasets.jsonl(rows);
    Dataset data = all.subset(0, 1, 6, 2, 6, 3, 7, 4);
    FineTuner.builder()
        .model(ModelSource.path(model))
        .dataset(data)
        .method(FullFineTuning.create())
        .epochs(1)
        .output(folder.resolve("first"))
        .build()
        .run();
    RowRemoval.Plan plan =
        RowRemoval.of(
                folder.resolve("first"), Optional.of(new Split(data, data.take(0), data.take(0))))
            .plan(given -> Set.of(2));
    assertThat(plan.rows()).extracting(MaskedRow::row).containsExactly(2, 4);
    assertThat(plan.alike()).containsExactly(rows + " line 8");
  }

  @Test
  void otherTasksAreRefused() {
    assertThatThrownBy(
            () ->
                tuner(Way.PLAIN, "first")
                    .task(Task.reranking())
                    .maskedRows(List.of(MaskedRow.of(0)))
                    .build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("maskedRows is for nextTokens, classification");
  }

  @Test
  void rowsThatDoNotExistAreRefused() {
    assertThatThrownBy(
            () -> tuner(Way.PLAIN, "first").maskedRows(List.of(MaskedRow.of(24))).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("expected rows below 24, the number of training rows, found 24");
  }

  @Test
  void aRunOfMaskedRowsOnlyIsRefused() {
    FineTuner tuner =
        tuner(Way.PLAIN, "first")
            .maskedRows(IntStream.range(0, 24).mapToObj(MaskedRow::of).toList())
            .build();
    assertThatThrownBy(tuner::run)
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("every usable row is masked");
  }

  @Test
  void lengthsBeyondTheLimitAreRefused() {
    FineTuner tuner =
        tuner(Way.PLAIN, "first")
            .maskedRows(List.of(new MaskedRow(0, Optional.of(List.of(65)), Optional.empty())))
            .build();
    assertThatThrownBy(tuner::run)
        .hasMessageContaining("row 0 has a length of 65 tokens, expected at most maxLength 64");
  }
}
