package io.adapt4j.core.internal.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.train.TrainingResult;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.task.ClassificationTask;
import io.adapt4j.core.task.PreferenceTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Rows are removed from runs of tasks other than next tokens too. */
class TaskRowRemovalTest {

  private static final int ROWS = 12;

  @TempDir private Path folder;

  /** Tasks with rows of their form. */
  @SuppressWarnings("ImmutableEnumChecker") // functions without state
  private enum Kind {
    CLASSES(Task.classification(), i -> new Example.Classified(text(i), List.of("l" + i % 3))),
    SEVERAL_LABELS(Task.multiLabel(), i -> new Example.Classified(text(i), List.of("l" + i % 3))),
    NUMBERS(Task.regression(), i -> new Example.Classified(text(i), List.of("" + i % 5))),
    WORDS(
        Task.tokenClassification(),
        i -> new Example.Tagged(List.of("the", i % 2 == 0 ? "cat" : "dog"), List.of("O", "A"))),
    DPO(Task.preference(PreferenceLoss.dpo(0.1)), Kind::pair),
    IPO(Task.preference(PreferenceLoss.ipo(0.1)), Kind::pair),
    ORPO(Task.preference(PreferenceLoss.orpo(0.1)), Kind::pair),
    CPO(Task.preference(PreferenceLoss.cpo(0.1, 1)), Kind::pair),
    EMBEDDINGS(
        Task.embeddings(),
        // Some queries have two answers, and every third row a negative.
        i ->
            new Example.QueryPassage(
                text(i % 8),
                "the " + text(i),
                i % 3 == 0 ? List.of("a " + text(i + 1)) : List.of()));

    private final Task task;
    private final IntFunction<Example> row;

    Kind(Task task, IntFunction<Example> row) {
      this.task = task;
      this.row = row;
    }

    private static Example pair(int i) {
      return new Example.Preference(
          "Lily saw " + i + " dogs", " and " + "ran ".repeat(i % 4), " sat");
    }

    private static String text(int i) {
      return List.of("red", "blue").get(i % 2)
          + " "
          + List.of("cat", "dog").get(i / 2 % 2)
          + " fast".repeat(i / 4);
    }

    private boolean generates() {
      return row.apply(0) instanceof Example.Preference;
    }

    private Split data() {
      return split(IntStream.range(0, ROWS).mapToObj(row).toList());
    }

    private Split split(List<Example> rows) {
      Dataset held = Datasets.of(IntStream.range(ROWS, ROWS + 4).mapToObj(row).toList());
      return new Split(Datasets.of(rows), held);
    }
  }

  private FineTuner.Builder tuner(Kind kind, String output) throws IOException {
    Path model = folder.resolve("model");
    if (!model.toFile().exists()) {
      model = kind.generates() ? SmallModel.write(model) : SmallEncoder.write(model);
    }
    Task task =
        kind == Kind.DPO || kind == Kind.IPO
            ? ((PreferenceTask) kind.task).reference(Reference.model(model))
            : kind.task;
    FineTuner.Builder tuner =
        FineTuner.builder()
            .model(ModelSource.path(model))
            .task(task)
            .dataset(kind.data())
            .method(FullFineTuning.create())
            .learningRate(1e-3)
            .epochs(1)
            .batchSize(2)
            .evaluateEvery(Interval.steps(2))
            .saveLimit(100)
            .output(folder.resolve(output));
    return kind.task instanceof ClassificationTask ? tuner.headWarmStart(false) : tuner;
  }

  private RowRemoval removal(Kind kind, String run) {
    return RowRemoval.of(folder.resolve(run), Optional.of(kind.data()));
  }

  private RowRemoval.Plan halfway(Kind kind, String run) {
    return IntStream.range(0, ROWS)
        .mapToObj(row -> removal(kind, run).plan(data -> Set.of(row)))
        .filter(plan -> plan.startStep() >= 4)
        .findFirst()
        .orElseThrow();
  }

  private static String weights(Path checkpoint) throws IOException {
    return FileDigest.sha256(checkpoint.resolve("model.safetensors"));
  }

  private TrainingResult removed(Kind kind, RowRemoval.Plan plan) {
    return removal(kind, "first")
        .run(plan, folder.resolve("removed"), Optional.empty(), new TrainingListener() {});
  }

  @ParameterizedTest
  @EnumSource
  void theRunIsTheOneInWhichTheRowWasMasked(Kind kind) throws IOException {
    check(kind, 1);
  }

  /** A micro-batch may have no row with a weight. */
  @ParameterizedTest
  @EnumSource
  void theRunIsTheOneInWhichTheRowWasMaskedWithAccumulatedGradients(Kind kind) throws IOException {
    if (kind != Kind.EMBEDDINGS) {
      check(kind, 2);
    }
  }

  private void check(Kind kind, int accumulation) throws IOException {
    int batch = 2 / accumulation;
    FineTuneReport first =
        tuner(kind, "first").batchSize(batch).gradientAccumulation(accumulation).build().run();
    RowRemoval.Plan plan = halfway(kind, "first");
    MaskedRow row = plan.rows().get(0);
    TrainingResult removed = removed(kind, plan);
    FineTuneReport masked =
        tuner(kind, "masked")
            .batchSize(batch)
            .gradientAccumulation(accumulation)
            .maskedRows(List.of(MaskedRow.of(row.row())))
            .build()
            .run();
    assertThat(weights(removed.last()))
        .isEqualTo(weights(masked.last()))
        .isNotEqualTo(weights(first.last()));
    assertThat(removed.lastValidationLoss()).isEqualTo(masked.lastValidationLoss());

    // Nothing of the row but its lengths has an effect.
    List<Example> others = new ArrayList<>(IntStream.range(0, ROWS).mapToObj(kind.row).toList());
    others.set(row.row(), others.get((row.row() + 3) % ROWS));
    FineTuneReport erased =
        tuner(kind, "erased")
            .dataset(kind.split(others))
            .batchSize(batch)
            .gradientAccumulation(accumulation)
            .maskedRows(plan.rows())
            .build()
            .run();
    assertThat(weights(erased.last())).isEqualTo(weights(masked.last()));
  }

  @Test
  void aClassifierFittedToTheRowsIsFittedAgain() throws IOException {
    FineTuneReport first = tuner(Kind.CLASSES, "first").headWarmStart(true).build().run();
    RowRemoval.Plan plan = removal(Kind.CLASSES, "first").plan(data -> Set.of(5));
    assertThat(plan.startStep()).isZero();
    FineTuneReport masked =
        tuner(Kind.CLASSES, "masked")
            .headWarmStart(true)
            .maskedRows(List.of(MaskedRow.of(5)))
            .build()
            .run();
    assertThat(weights(removed(Kind.CLASSES, plan).last()))
        .isEqualTo(weights(masked.last()))
        .isNotEqualTo(weights(first.last()));
  }

  /** A row also tells other rows of its query which passages are not wrong for it. */
  @Test
  void aRowOfTheSameQueryUsesARowOfEmbeddings() throws IOException {
    tuner(Kind.EMBEDDINGS, "first").build().run();
    RowRemoval removal = removal(Kind.EMBEDDINGS, "first");
    for (int row = 0; row < ROWS - 8; row++) {
      int one = row;
      assertThat(removal.plan(data -> Set.of(one)).firstStep())
          .isEqualTo(removal.plan(data -> Set.of(one + 8)).firstStep());
    }
  }

  @Test
  void aRunOfMaskedRowsOnlyIsRefused() throws IOException {
    FineTuner tuner =
        tuner(Kind.CLASSES, "first")
            .maskedRows(IntStream.range(0, ROWS).mapToObj(MaskedRow::of).toList())
            .build();
    assertThatThrownBy(tuner::run)
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("every usable row is masked");
  }

  @Test
  void lengthsThatDoNotFitAreRefused() throws IOException {
    MaskedRow row = new MaskedRow(3, Optional.of(List.of(5)), Optional.empty());
    FineTuner tuner = tuner(Kind.DPO, "first").maskedRows(List.of(row)).build();
    assertThatThrownBy(tuner::run)
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining(
            "row 3 has the lengths [5], expected at least 2 of at most 64 tokens");
  }

  @Test
  void rowsWhoseLabelsAreTheClassesAreNotErased() throws IOException {
    tuner(Kind.CLASSES, "first").build().run();
    assertThatThrownBy(removal(Kind.CLASSES, "first")::requireErasable)
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("Train again with the labels named");
    tuner(Kind.CLASSES, "named").task(Task.classification().labels("l0", "l1", "l2")).build().run();
    removal(Kind.CLASSES, "named").requireErasable();
  }

  static Stream<Task> refused() {
    return Stream.of(
        Task.reranking(),
        Task.embeddings().hybrid(false),
        Task.preference(PreferenceLoss.kto(0.1)),
        Task.preference(PreferenceLoss.aot(0.1, 0)),
        Task.preference(PreferenceLoss.dpo(0.1)).reference(Reference.precomputed()));
  }

  @ParameterizedTest
  @MethodSource
  void refused(Task task) throws IOException {
    FineTuner.Builder tuner =
        tuner(Kind.CLASSES, "first").task(task).maskedRows(List.of(MaskedRow.of(0)));
    assertThatThrownBy(tuner::build)
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("maskedRows is for nextTokens, classification, preference pairs");
  }
}
