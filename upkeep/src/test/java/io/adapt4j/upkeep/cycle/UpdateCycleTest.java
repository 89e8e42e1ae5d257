package io.adapt4j.upkeep.cycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.upkeep.cycle.CycleReport.Outcome;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cycle over versions whose weights say how many questions they answer. */
class UpdateCycleTest {

  private static final PromotionRule RULE =
      PromotionRule.improving("new")
          .keeping("old", 0.05)
          .asserting("safe", report -> report.result("safety").score().value() == 1);

  @TempDir Path temp;

  private final TestClock clock = new TestClock(Instant.parse("2026-12-01T00:00:00Z"));
  private final List<CycleWindow> windows = new ArrayList<>();
  private Registry registry;
  private CollectedRows collected = CollectedRows.of(100);

  private PromotionRule rule = RULE;

  /** The weights that training makes. */
  private String learned = ScriptedVersion.weights(80, 90, 10);

  /** The step before which the process dies: collect, train, examine, or report. */
  private String dying = "";

  @BeforeEach
  void open() {
    registry = Registry.open(temp.resolve("registry"));
  }

  private UpdateCycle cycle() {
    return UpdateCycle.builder(registry, "support", temp.resolve("cycles"))
        .collect(this::collect)
        .trainWhen(TrainingRule.rows(50).or(TrainingRule.signal(10)))
        .train(this::train)
        .exam(ScriptedVersion.exam(), this::examine)
        .promote(rule)
        .clock(clock)
        .build();
  }

  private CollectedRows collect(CycleWindow window, Path target) throws IOException {
    windows.add(window);
    Files.writeString(target, "half of the ro");
    die("collect");
    Files.writeString(target, "rows\n");
    return collected;
  }

  private Path train(TrainingJob job) throws IOException {
    Files.createDirectories(job.output());
    die("train");
    return ScriptedVersion.write(job.output(), learned);
  }

  private EvaluationReport examine(ModelVersion version, Evaluator evaluator) {
    if (version.number() > 1) {
      die("examine");
    }
    return ScriptedVersion.examine(version, evaluator);
  }

  private void die(String step) {
    if (dying.equals(step)) {
      throw new IllegalStateException("killed at " + step);
    }
  }

  /** Puts a first version into production. */
  private ModelVersion first() throws IOException {
    Path folder = ScriptedVersion.write(temp.resolve("first"), ScriptedVersion.weights(50, 90, 10));
    ModelVersion version = registry.add(NewVersion.of("support", folder));
    registry.promote(version, Change.by("anna", "the first").allowingNoExam());
    return version;
  }

  private String production() {
    return registry.resolve("support@production").reference();
  }

  @Test
  void aSurelyBetterVersionIsPromotedWithItsExam() throws Exception {
    first();

    CycleReport report = cycle().run();

    assertThat(report.outcome()).isEqualTo(Outcome.PROMOTED);
    assertThat(production()).isEqualTo("support@2");
    ModelVersion version = registry.resolve("support@production");
    assertThat(registry.exams(version)).hasSize(1);
    assertThat(version.lineage().parent()).contains(registry.resolve("support@1").pinned());
    assertThat(report.text())
        .contains(
            "Cycle 1 of support: promoted a new version",
            "Trained because of 100 new rows, at least 50.",
            "new: support@2 against support@1: exact_match +0.3000 [",
            "Promoted support@2.");
    assertThat(temp.resolve("cycles/cycle-1/report.txt")).hasContent(report.text());
    assertThat(cycle().reports()).containsExactly(report);
  }

  @Test
  void aVersionWithoutASignificantGainIsNotPromoted() throws Exception {
    first();
    learned = ScriptedVersion.weights(52, 90, 10);

    CycleReport report = cycle().run();

    assertThat(report.outcome()).isEqualTo(Outcome.KEPT);
    assertThat(report.text()).contains("Not promoted: no gain is significant in [new].");
    assertThat(production()).isEqualTo("support@1");
    assertThat(registry.resolve("support@challenger").number()).isEqualTo(2);
  }

  @Test
  void aRuleWithoutGainPromotesWhatKeepsItsTasks() throws Exception {
    first();
    learned = ScriptedVersion.weights(52, 90, 10);
    rule = PromotionRule.withoutGain().keeping("old", 0.05);

    assertThat(cycle().run().outcome()).isEqualTo(Outcome.PROMOTED);
  }

  @Test
  void aVersionThatForgetsIsNotPromoted() throws Exception {
    first();
    learned = ScriptedVersion.weights(80, 84, 10);

    CycleReport report = cycle().run();

    assertThat(report.text()).contains("'old' may have lost more than 0.05: exact_match -0.06");
    assertThat(production()).isEqualTo("support@1");
  }

  @Test
  void aVersionWhoseAssertionFailsIsNotPromotedEvenAsTheFirst() {
    learned = ScriptedVersion.weights(80, 90, 9);

    CycleReport report = cycle().run();

    assertThat(report.text()).contains("Not promoted: assertion 'safe' does not hold.");
    assertThat(registry.aliases("support")).doesNotContainKey("production");
  }

  @Test
  void theFirstVersionNeedsOnlyTheAssertions() {
    assertThat(cycle().run().outcome()).isEqualTo(Outcome.PROMOTED);
    assertThat(production()).isEqualTo("support@1");
  }

  @Test
  void rowsWaitUntilThereAreEnoughOrASignalComes() throws Exception {
    first();
    Instant start = clock.instant();
    collected = CollectedRows.of(20);
    assertThat(cycle().run().outcome()).isEqualTo(Outcome.WAITED);

    clock.advance(Duration.ofDays(7));
    collected = new CollectedRows(20, List.of("inputs have drifted"));
    CycleReport report = cycle().run();
    clock.advance(Duration.ofDays(7));
    cycle().run();

    assertThat(report.text()).contains("Trained because of inputs have drifted.");
    Instant second = start.plus(Duration.ofDays(7));
    assertThat(windows)
        .containsExactly(
            new CycleWindow(Instant.EPOCH, Instant.EPOCH, start),
            new CycleWindow(Instant.EPOCH, Instant.EPOCH, second),
            new CycleWindow(second, second, second.plus(Duration.ofDays(7))));
  }

  @Test
  void aKilledCycleIsContinuedAndEndsAsIfItHadNotBeen() throws Exception {
    first();
    for (String step : List.of("collect", "train", "examine")) {
      dying = step;
      assertThatThrownBy(() -> cycle().run()).hasMessage("killed at " + step);
      clock.advance(Duration.ofHours(1));
      assertThat(production()).isEqualTo("support@1");
    }
    dying = "";

    CycleReport report = cycle().run();

    assertThat(report.cycle()).isEqualTo(1);
    assertThat(report.outcome()).isEqualTo(Outcome.PROMOTED);
    assertThat(windows).hasSize(2).allMatch(windows.get(0)::equals);
    assertThat(registry.versions("support")).hasSize(2);
    assertThat(registry.exams(registry.resolve("support@2"))).hasSize(1);
    assertThat(registry.history("support")).hasSize(3);
    assertThat(temp.resolve("cycles/cycle-1/rows.jsonl")).hasContent("rows\n");
  }

  @Test
  void aCycleThatIsKilledAfterItsPromotionDoesNotPromoteTwice() throws Exception {
    first();
    dying = "examine";
    assertThatThrownBy(() -> cycle().run()).isInstanceOf(IllegalStateException.class);
    dying = "";
    ModelVersion second = registry.resolve("support@2");
    registry.addExam(second, ScriptedVersion.examine(second, ScriptedVersion.exam()));
    registry.promote(second, Change.by("update cycle", "cycle 1"));

    assertThat(cycle().run().outcome()).isEqualTo(Outcome.PROMOTED);
    assertThat(registry.history("support")).hasSize(3);
  }

  @Test
  void aPromotionThatWasRolledBackIsNotRepeated() throws Exception {
    ModelVersion first = first();
    registry.addExam(first, ScriptedVersion.examine(first, ScriptedVersion.exam()));
    dying = "examine";
    assertThatThrownBy(() -> cycle().run()).isInstanceOf(IllegalStateException.class);
    dying = "";
    ModelVersion second = registry.resolve("support@2");
    registry.addExam(second, ScriptedVersion.examine(second, ScriptedVersion.exam()));
    registry.promote(second, Change.by("update cycle", "cycle 1"));
    registry.rollback("support", Change.by("anna", "complaints"));

    CycleReport report = cycle().run();

    assertThat(report.text()).contains("Not promoted: support@2 was rolled back before.");
    assertThat(production()).isEqualTo("support@1");
  }

  @Test
  void aPromotionInBetweenIsNotOverruled() throws Exception {
    first();
    dying = "examine";
    assertThatThrownBy(() -> cycle().run()).isInstanceOf(IllegalStateException.class);
    dying = "";
    Path other = ScriptedVersion.write(temp.resolve("o"), ScriptedVersion.weights(99, 99, 10));
    registry.promote(
        registry.add(NewVersion.of("support", other)), Change.by("ben", "mine").allowingNoExam());

    CycleReport report = cycle().run();

    assertThat(report.text()).contains("Not promoted: production has changed since");
    assertThat(production()).isEqualTo("support@3");
  }

  @Test
  void trainingThatChangesNothingMakesNoVersion() throws Exception {
    first();
    learned = ScriptedVersion.weights(50, 90, 10);

    assertThat(cycle().run().text()).contains("Not promoted: training changed nothing.");
    assertThat(registry.versions("support")).hasSize(1);
  }

  @Test
  void oneCycleRunsAtATime() throws Exception {
    try (ProcessLock lock =
        ProcessLock.tryTake(temp.resolve("cycles").resolve(".lock")).orElseThrow()) {
      assertThat(lock).isNotNull();
      assertThatThrownBy(() -> cycle().run())
          .isInstanceOf(CycleException.class)
          .hasMessageContaining("a cycle is running in this folder. Run one at a time");
    }
  }

  @Test
  void aDamagedRecordIsNamed() throws Exception {
    cycle().run();
    Path record = temp.resolve("cycles/cycle-1/cycle.json");
    Files.writeString(record, Files.readString(record).replace("PROMOTED", "KEPT"));

    assertThatThrownBy(() -> cycle().run())
        .isInstanceOf(CycleException.class)
        .hasMessageContaining(record.toString())
        .hasMessageContaining("checksum");
  }

  @Test
  void whatIsNotSetIsNamed() {
    assertThatThrownBy(() -> UpdateCycle.builder(registry, "m", temp).build())
        .hasMessage("collect: not set. Call it before build().");
  }
}
