package io.adapt4j.upkeep.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.task.RowRemoval;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.lora.Lora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows and customers leave an adapter that learned from them. */
class DeletionTest {

  @TempDir private Path folder;
  private Path model;
  private Path rows;

  private static final List<String> LINES = new ArrayList<>();

  @BeforeAll
  static void writeLines() {
    for (int i = 0; i < 40; i++) {
      LINES.add(
          "{\"prompt\": \"Lily saw %d dogs\", \"completion\": \" and %sslept\", \"customer\": \"c%d\"}"
              .formatted(i, "ran ".repeat(i % 4), i / 4));
    }
  }

  @BeforeEach
  void writeModelAndRows() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
    rows = Files.write(folder.resolve("rows.jsonl"), LINES);
  }

  private FineTuner.Builder tuner(Path data, String output) {
    Split split = Datasets.jsonl(data).split(0.8, 0.2, 0, 3);
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .dataset(split)
        .method(Lora.rank(4).dropout(0.1))
        .learningRate(1e-2)
        .epochs(1)
        .batchSize(2)
        .evaluateEvery(Interval.steps(2))
        .saveLimit(100)
        .keepBest()
        .evaluationSamples(0)
        .output(folder.resolve(output));
  }

  /** Returns a row that the run used in its second half. */
  private static int lateRow(Path run) {
    for (int row = 0; ; row++) {
      DeletionPlan plan = Deletion.of(run).rows(row).plan();
      if (plan.timeShare() <= 0.5 && plan.firstStep().isPresent()) {
        return row;
      }
    }
  }

  private static String hash(Path checkpoint) {
    return FileHash.of(checkpoint.resolve("adapter_model.safetensors"));
  }

  @Test
  void theAdapterIsTheOneTrainedWithTheRowMasked() throws IOException {
    Path run = folder.resolve("run");
    tuner(rows, "run").build().run();
    int row = lateRow(run);

    DeletionReport report = Deletion.of(run).rows(row).erasingRows().run(folder.resolve("without"));

    // What stays of the row is a line of the same form, so the run without it can be repeated.
    Path original = Files.write(folder.resolve("original.jsonl"), LINES);
    FineTuneReport masked =
        tuner(original, "masked").maskedRows(List.of(MaskedRow.of(row))).build().run();
    assertThat(hash(report.last()))
        .isEqualTo(hash(masked.last()))
        .isNotEqualTo(hash(run.resolve("last")));
    assertThat(hash(report.best())).isEqualTo(hash(masked.best()));
    assertThat(Files.readAllLines(rows)).hasSize(40).doesNotContainSequence(LINES);
    assertThat(Files.readString(rows))
        .contains("{\"prompt\":\"deleted\",\"completion\":\"deleted\",\"customer\":\"deleted\"}");
    FineTuneReport repeated = FineTuner.repeat(folder.resolve("without")).build().run();
    assertThat(hash(repeated.last())).isEqualTo(hash(masked.last()));
  }

  @Test
  void aReportForAnAuditorHasNoContent() throws IOException {
    Path run = folder.resolve("run");
    tuner(rows, "run").build().run();
    DeletionReport report =
        Deletion.of(run)
            .where("customer", "c3")
            .versionsIn(folder)
            .erasingCheckpoints()
            .run(folder.resolve("without"));
    DeletionPlan plan = report.plan();
    assertThat(plan.rows()).isNotEmpty();
    assertThat(plan.versions())
        .contains(new LearnedVersion(run.resolve("last"), false))
        .allMatch(version -> !version.inherited());
    assertThat(run.resolve("last")).doesNotExist();
    assertThat(report.erased()).contains(run.resolve("last")).allMatch(Files::notExists);
    assertThat(report.toErase()).isEmpty();

    String json = Files.readString(folder.resolve("without").resolve(DeletionReport.FILE));
    assertThat(json)
        .contains(plan.rows().get(0).sha256().orElseThrow(), "\"firstUse\"", "adapter_model")
        .contains(report.after().values())
        .doesNotContain("Lily")
        .doesNotContain("slept");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void aDeletionThatIsCutOffWhileItErasesIsEndedByTheSameCall(int erasedBefore) throws IOException {
    Path run = folder.resolve("run");
    Path output = folder.resolve("without");
    tuner(rows, "run").build().run();
    deletion(run).begin(output);
    DeletionPlan plan = deletion(run).plan();
    if (erasedBefore > 0) {
      RunFiles.delete(run.resolve("last"));
    }
    if (erasedBefore > 1) {
      Tombstones.lines(plan.places()).forEach(Tombstones::erase);
    }
    if (erasedBefore > 2) {
      RowRemoval.recordErased(output, rows);
    }

    DeletionReport report = deletion(run).run(output);

    assertThat(report.plan()).isEqualTo(plan);
    assertThat(report.erased()).contains(rows, run.resolve("last"));
    assertThat(report.after()).containsValue(hash(report.last()));
    assertThat(Files.readString(output.resolve(DeletionReport.FILE))).contains(rows.toString());
    assertThat(run.resolve("last")).doesNotExist();
    assertThat(Files.readAllLines(rows))
        .hasSize(40)
        .filteredOn(line -> line.contains("deleted"))
        .hasSameSizeAs(plan.rows());
    assertThat(FineTuner.repeat(output).build().run().last()).exists();
  }

  private static Deletion deletion(Path run) {
    return Deletion.of(run).where("customer", "c3").erasingRows().erasingCheckpoints();
  }

  @ParameterizedTest
  @CsvSource({"true, 0", "true, 1", "false, 0", "false, 5"})
  void aDeletionThatIsCutOffWhileItTrainsIsEndedByTheSameCall(boolean late, int steps)
      throws IOException {
    Path run = folder.resolve("run");
    tuner(rows, "run").build().run();
    int row = late ? lateRow(run) : earlyRow(run);
    Supplier<Deletion> deletion = () -> Deletion.of(run).rows(row).versionsIn(folder);
    DeletionReport whole = deletion.get().run(folder.resolve("whole"));
    RunFiles.delete(folder.resolve("whole"));
    Path output = folder.resolve("without");

    assertThatThrownBy(() -> deletion.get().listener(failingAfter(steps)).run(output))
        .hasMessage("cut off");
    assertThat(Deletion.isUnfinished(output)).isTrue();
    assertThatThrownBy(() -> Deletion.of(run).rows(row + 1).run(output))
        .hasMessageContaining("deletion of other rows");
    DeletionReport report = deletion.get().run(output);

    assertThat(report.plan()).isEqualTo(whole.plan());
    assertThat(report.after().values()).containsExactlyInAnyOrderElementsOf(whole.after().values());
    assertThat(Deletion.isUnfinished(output)).isFalse();
    assertThat(FineTuner.repeat(output).build().run().last()).exists();
  }

  private static int earlyRow(Path run) {
    for (int row = 0; ; row++) {
      DeletionPlan plan = Deletion.of(run).rows(row).plan();
      if (plan.startStep() == 0) {
        return row;
      }
    }
  }

  private static TrainingListener failingAfter(int steps) {
    AtomicInteger left = new AtomicInteger(steps);
    return new TrainingListener() {
      @Override
      public void step(StepEvent event) {
        if (left.getAndDecrement() == 0) {
          throw new AssertionError("cut off");
        }
      }
    };
  }

  @Test
  void aFolderOfAnotherRunIsRefusedAndStaysAsItIs() {
    Path run = folder.resolve("run");
    tuner(rows, "run").build().run();
    tuner(rows, "other").build().run();
    String before = hash(folder.resolve("other/last"));

    assertThatThrownBy(() -> Deletion.of(run).rows(lateRow(run)).run(folder.resolve("other")))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("holds 'best' of another run");

    assertThat(hash(folder.resolve("other/last"))).isEqualTo(before);
    assertThat(Deletion.isUnfinished(folder.resolve("other"))).isFalse();
  }

  @Test
  void aLastStepThatIsCutOffIsTakenAgain() {
    Path run = folder.resolve("run");
    Path output = folder.resolve("without");
    tuner(rows, "run").build().run();
    List<Path> added = new ArrayList<>();
    Deletion deletion =
        deletion(run)
            .lastStep(
                report -> {
                  added.add(report.best());
                  if (added.size() == 1) {
                    throw new IllegalStateException("cut off");
                  }
                });

    assertThatThrownBy(() -> deletion.run(output)).hasMessage("cut off");
    assertThat(output.resolve(DeletionReport.FILE)).exists();
    DeletionReport report = deletion.run(output);

    assertThat(added).containsExactly(report.best(), report.best());
    assertThat(Deletion.isUnfinished(output)).isFalse();
  }

  @Test
  void anUnfinishedDeletionErasesNoOtherRows() throws IOException {
    Path run = folder.resolve("run");
    Path output = folder.resolve("without");
    tuner(rows, "run").build().run();
    deletion(run).begin(output);
    Deletion other = Deletion.of(run).where("customer", "c4").erasingRows();
    assertThatThrownBy(() -> other.run(output)).hasMessageContaining("deletion of other rows");
    Files.write(rows, LINES.subList(1, 40));
    assertThatThrownBy(() -> deletion(run).run(output)).hasMessageContaining("has changed since");
    assertThat(Files.readAllLines(rows)).isEqualTo(LINES.subList(1, 40));
    Files.write(rows, LINES);
    assertThat(deletion(run).run(output).erased()).contains(rows);
  }

  @Test
  void keptRepliesToPromptsOfARowGo() throws IOException {
    Path run = folder.resolve("run");
    tuner(rows, "run").build().run();
    int row = lateRow(run);
    Path replies = folder.resolve("replies");
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < LINES.size(); i++) {
      items.add(
          Tasks.answerItem(
              "" + i,
              "Continue.\n\nLily saw %d dogs".formatted(i),
              GenerationOptions.greedy(),
              List.of(""),
              AnswerExtraction.whole(),
              AnswerMetric.EXACT_MATCH,
              Map.of()));
    }
    Task task = new Task("dogs", items, List.of(TaskMetric.mean("exact_match")), false);
    Evaluator exam = Evaluator.builder().tasks(task).replies(replies).build();
    Candidate candidate = Candidate.of(TextGenerator.of("echo", prompt -> "and " + prompt));
    exam.evaluate(candidate);

    Supplier<Deletion> deletion = () -> Deletion.of(run).rows(row).replies(replies);
    Path output = folder.resolve("without");
    assertThatThrownBy(() -> deletion.get().listener(failingAfter(0)).run(output))
        .hasMessage("cut off");
    DeletionReport report = deletion.get().run(output);

    // Replies that were removed before the cut are in the receipt too.
    assertThat(report.removed()).hasSize(1);
    assertThat(report.removed().get(0).ids()).hasSize(1);
    String place = report.plan().places().get(0);
    int line = Integer.parseInt(place.substring(place.lastIndexOf(' ') + 1));
    List<String> kept = Files.readAllLines(report.removed().get(0).place());
    assertThat(kept)
        .hasSize(LINES.size() - 1)
        .noneMatch(reply -> reply.contains("Lily saw " + (line - 1) + " dogs"));
    assertThat(exam.evaluate(candidate).cost().asked()).isEqualTo(1);
    assertThat(Files.readString(folder.resolve("without").resolve(DeletionReport.FILE)))
        .contains(report.removed().get(0).ids().get(0));
  }

  @Test
  void anAdapterTrainedFromOneThatLearnedIsNamed() {
    FineTuneReport first = tuner(rows, "run").build().run();
    Path other = folder.resolve("other.jsonl");
    Datasets.write(Datasets.jsonl(rows).take(10), other);
    tuner(other, "next").method(Lora.continuing(first.last())).build().run();
    DeletionPlan plan = Deletion.of(folder.resolve("run")).rows(0).versionsIn(folder).plan();
    assertThat(plan.versions())
        .contains(new LearnedVersion(folder.resolve("next").resolve("last"), true));
  }

  @Test
  void shardsKeepADeletionToOneOfThem() throws IOException {
    Shards shards = Shards.of(4);
    SortedMap<Integer, Path> files =
        shards.write(Datasets.jsonl(rows), "customer", folder.resolve("shards"));
    assertThat(files.values().stream().mapToInt(file -> Datasets.jsonl(file).size()).sum())
        .isEqualTo(40);
    int shard = shards.shard("c3");
    Map<Path, Integer> adapters = new HashMap<>();
    for (Map.Entry<Integer, Path> file : files.entrySet()) {
      String name = "shard-" + file.getKey();
      FineTuneReport trained = tuner(file.getValue(), name).build().run();
      adapters.put(trained.last(), Datasets.jsonl(file.getValue()).size());
    }
    DeletionReport report =
        Deletion.of(folder.resolve("shard-" + shard))
            .where("customer", "c3")
            .run(folder.resolve("shard-without"));
    adapters.remove(folder.resolve("shard-" + shard).resolve("last"));
    adapters.put(report.last(), 1);
    Shards.merge(adapters, folder.resolve("merged"));
    assertThat(folder.resolve("merged/adapter_model.safetensors")).exists();
    assertThat(Provenance.read(report.last()).configuration().path("maskedRows")).isNotEmpty();
  }

  @Test
  void changedDataIsRefusedBeforeAnythingElse() throws IOException {
    tuner(rows, "run").build().run();
    Files.write(rows, LINES.subList(1, 40));
    assertThatThrownBy(() -> Deletion.of(folder.resolve("run")).rows(0).plan())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("rows.jsonl has changed: its sha256 was");
  }

  @Test
  void rowsThatAreNotThereAreRefused() {
    tuner(rows, "run").build().run();
    Deletion deletion = Deletion.of(folder.resolve("run"));
    assertThatThrownBy(deletion::plan).hasMessageContaining("no rows to delete");
    assertThatThrownBy(() -> Deletion.of(folder.resolve("run")).rows(32).plan())
        .hasMessageContaining("expected indices from 0 to 31")
        .hasMessageContaining("found 32");
    assertThatThrownBy(() -> Deletion.of(folder.resolve("run")).where("customer", "x").plan())
        .hasMessageContaining("expected rows whose field 'customer' is 'x', found none");
  }

  @Test
  void onlyRowsOfJsonLinesAreErased() {
    assertThatThrownBy(() -> Tombstones.lines(List.of("rows.csv line 3")))
        .hasMessageContaining("rows.csv line 3: only rows of files of JSON Lines");
  }
}
